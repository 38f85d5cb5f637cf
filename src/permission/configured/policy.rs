//! What one configured group says.

use std::collections::BTreeMap;

/// The policy of one configured group. A group without any rule has no opinion on anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfiguredPolicy {
    /// By entity id. An entity that is asked for by its registry id is found here too.
    pub entity_ids: BTreeMap<String, Opinions>,
    /// By the id of the entity's device, or of the part of one that it belongs to.
    pub device_ids: BTreeMap<String, Opinions>,
    /// By the text before the first dot of the entity id.
    pub domains: BTreeMap<String, Opinions>,
    /// By the id of an area: the entity's own, and then that of its device.
    pub areas: BTreeMap<String, Opinions>,
    /// By the id of a label: the entity's own, and then those of its device.
    pub labels: BTreeMap<String, Opinions>,
    /// Opinions on every entity.
    pub all: Opinions,
}

impl ConfiguredPolicy {
    /// Whether any of its rules takes something back.
    pub fn takes_back(&self) -> bool {
        let by_id = [&self.entity_ids, &self.device_ids, &self.domains, &self.areas, &self.labels];
        let mut all = by_id.into_iter().flat_map(|rules| rules.values()).chain([&self.all]);
        all.any(|opinions| opinions.each().contains(&Some(false)))
    }
}

/// What a rule says about each access key: yes, no or nothing. The keys are independent: control does not imply read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opinions {
    /// Opinion on `read`; none is no opinion.
    pub read: Option<bool>,
    /// Opinion on `control`; none is no opinion.
    pub control: Option<bool>,
    /// Opinion on `edit`; none is no opinion.
    pub edit: Option<bool>,
    /// Every other access key.
    pub others: Option<bool>,
}

impl Opinions {
    fn each(self) -> [Option<bool>; 4] {
        let Self { read, control, edit, others } = self;
        [read, control, edit, others]
    }

    /// The same on every access key, known or not.
    pub const fn on_everything(opinion: bool) -> Self {
        Self { read: Some(opinion), control: Some(opinion), edit: Some(opinion), others: Some(opinion) }
    }
}

/// By what a rule of a configured group chooses entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConfiguredSelector {
    /// By the entity's own id.
    EntityIds,
    /// The device that the entity belongs to.
    DeviceIds,
    /// The text before the first dot.
    Domains,
    /// An area, the entity's own or its device's.
    Areas,
    /// A label, the entity's own or its device's.
    Labels,
    /// By no property: it is for every entity.
    All,
}

impl ConfiguredSelector {
    /// Its name in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EntityIds => "entity_ids",
            Self::DeviceIds => "device_ids",
            Self::Domains => "domains",
            Self::Areas => "areas",
            Self::Labels => "labels",
            Self::All => "all",
        }
    }
}
