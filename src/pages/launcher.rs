//! The launcher: what this user may open, as tiles, and the ways to their account and out.

use askama::Template;
use http::{HeaderMap, StatusCode};

use super::asset::compress;
use super::context::PageContext;
use super::document::{Frames, framed_html};
use super::response::Page;
use super::texts::{LauncherTexts, fill};
use crate::icons;

/// An add-on that the user may open.
#[derive(Debug)]
pub struct Tile<'a> {
    /// Its short name.
    pub slug: &'a str,
    /// Its title, as people read it.
    pub title: &'a str,
    /// What it is for, in a line; empty where nobody has said.
    pub description: &'a str,
    /// `mdi:...`; empty when it has none.
    pub icon: &'a str,
    /// The heading that it stands under; empty for none.
    pub group: &'a str,
    /// The address that leads to it.
    pub href: String,
    /// Whether it did not answer when it was last asked.
    pub is_down: bool,
}

impl Tile<'_> {
    fn path(&self) -> &'static str {
        let named = self.icon.strip_prefix("mdi:").and_then(icons::path);
        named.or_else(|| icons::path(icons::FALLBACK)).unwrap_or_default()
    }
}

/// Whose launcher it is.
#[derive(Debug)]
pub struct Viewer<'a> {
    /// Their id, by which the browser keeps apart what its users open most.
    pub id: &'a str,
    /// What they are called.
    pub name: Option<&'a str>,
    /// Whether the operator's pages are theirs.
    pub is_admin: bool,
}

/// Tiles under one heading.
struct Section<'t> {
    heading: &'t str,
    tiles: Vec<&'t Tile<'t>>,
}

#[derive(Template)]
#[template(path = "launcher.html")]
struct LauncherPage<'a> {
    context: &'a PageContext,
    texts: &'static LauncherTexts,
    viewer: &'a Viewer<'a>,
    greeting: String,
    sections: &'a [Section<'a>],
}

/// The launcher of a user: the add-ons that they may open. `headers` are those of the request.
pub fn launcher(context: &PageContext, viewer: &Viewer<'_>, tiles: &[Tile<'_>], headers: &HeaderMap) -> Page {
    let texts = LauncherTexts::of(context.language());
    let page = LauncherPage {
        context,
        texts,
        viewer,
        greeting: fill(texts.greeting, &[("name", viewer.name.unwrap_or(texts.nobody))]),
        sections: &sections(tiles, texts),
    };
    // It has no token in it: signing out is judged by where the form comes from.
    compress(framed_html(StatusCode::OK, context, Frames::ByHomeAssistant, &page), headers)
}

/// Under their headings, in the order of the configuration; those without one come last, and have a heading only where
/// there are others.
fn sections<'t>(tiles: &'t [Tile<'t>], texts: &LauncherTexts) -> Vec<Section<'t>> {
    let mut sections: Vec<Section<'t>> = Vec::new();
    let (with, without): (Vec<_>, Vec<_>) = tiles.iter().partition(|tile| !tile.group.is_empty());
    for tile in with {
        match sections.iter_mut().find(|section| section.heading == tile.group) {
            Some(section) => section.tiles.push(tile),
            None => sections.push(Section { heading: tile.group, tiles: vec![tile] }),
        }
    }
    if !without.is_empty() {
        let heading = if sections.is_empty() { "" } else { texts.others };
        sections.push(Section { heading, tiles: without });
    }
    sections
}
