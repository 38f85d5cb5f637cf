//! One row of the table.

/// A name, or a family of names, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// In lower case; one that ends in `*` stands for all names that begin so.
    pub name: &'static str,
    /// What it is.
    pub properties: &'static [Property],
    /// What it does as a header of an answer, where that is not for the add-on alone to decide.
    pub effect: Option<Effect>,
}

/// What a name can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// For the next hop only, whatever `Connection` says (RFC 9110 section 7.6.1).
    HopByHop,
    /// Says where a message ends or whom it is for: taken out of requests and written anew.
    Framing,
    /// What messages are made of: no operator sets it or reserves it.
    Message,
    /// Only we may say it to an add-on.
    Reserved,
    /// Reserved, and yet add-ons have names of this family for what their own pages say: an add-on's `pass_headers` may
    /// let one through that says nobody's identity.
    MayPass,
    /// We write it into every request.
    Ours,
    /// Says what the body of an answer is: true of these very bytes, and for nobody to say who does not change them.
    Content,
    /// Keeps a document or an answer from something: without it more would be possible.
    Restricts,
    /// Lets pages of other origins read an answer.
    Shares,
    /// Nothing for trailers (RFC 9110 section 6.5.1), although it passes in heads.
    HeadOnly,
}

/// What a header of an answer does in a browser, or in a server in front of us, and what becomes of it.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// What it does, to be read behind its name.
    pub does: &'static str,
    /// What becomes of it under a prefix, where all add-ons share one origin.
    pub under_prefix: Fate,
    /// What becomes of it on a host of the add-on's own.
    pub on_own_host: Fate,
}

/// What becomes of a header of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It passes as it is.
    Passes,
    /// It is changed so that it reaches no further than the add-on.
    Confined,
    /// It is taken out.
    Dropped,
}

impl Field {
    pub(super) const fn new(name: &'static str, properties: &'static [Property]) -> Self {
        Self { name, properties, effect: None }
    }

    pub(super) const fn with(self, effect: Effect) -> Self {
        Self { effect: Some(effect), ..self }
    }

    /// Whether it is this.
    pub fn is(&self, property: Property) -> bool {
        self.properties.contains(&property)
    }
}

impl Effect {
    /// Acts on its own answer, or its own document, and on nothing else.
    pub(super) const fn own(does: &'static str) -> Self {
        Self { does, under_prefix: Fate::Passes, on_own_host: Fate::Passes }
    }

    /// Acts on the whole origin, which a host of the add-on's own is and a prefix is not.
    pub(super) const fn origin(does: &'static str) -> Self {
        Self { does, under_prefix: Fate::Dropped, on_own_host: Fate::Passes }
    }

    /// Acts on the whole origin, and can be confined to the prefix.
    pub(super) const fn confinable(does: &'static str) -> Self {
        Self { does, under_prefix: Fate::Confined, on_own_host: Fate::Passes }
    }

    /// Names addresses or hosts, which are confined everywhere.
    pub(super) const fn confined(does: &'static str) -> Self {
        Self { does, under_prefix: Fate::Confined, on_own_host: Fate::Confined }
    }

    /// Acts on what is not the add-on's on any host.
    pub(super) const fn nowhere(does: &'static str) -> Self {
        Self { does, under_prefix: Fate::Dropped, on_own_host: Fate::Dropped }
    }
}

impl Fate {
    /// The word for it in the reference.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Confined => "confined",
            Self::Dropped => "dropped",
        }
    }
}
