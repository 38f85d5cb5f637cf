//! `vestibule rate`: rates a manifest, an add-on of the configuration or all of them, with the reason for every point,
//! and advice. It needs no running vestibule.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::output::{Exit, Format, Output};
use crate::addon_rights::rating::{Effect, RatedAddon, Rating, rate};
use crate::config::{self, Addon, FilesAlone, Settings};
use crate::manifest::{self, SigningKey};

/// What is to be rated.
pub(super) enum Rated {
    /// A manifest's file, or an add-on of the configuration.
    One(String),
    /// All add-ons of the configuration.
    All,
}

pub(super) fn run(file: &Path, rated: &Rated, format: Format, output: &mut Output<'_>) -> Exit {
    let loaded = config::load(file, &FilesAlone);
    match (rated, loaded) {
        (Rated::One(name), Ok(loaded)) if installed(&loaded.settings, name).is_none() => {
            manifest(Path::new(name), &loaded.settings.supervisor.signing_keys, format, output)
        }
        // An author who rates a manifest has no configuration.
        (Rated::One(name), Err(_)) if Path::new(name).is_file() => {
            output.notice("note: without a configuration no key is known, and no manifest counts as signed\n");
            manifest(Path::new(name), &[], format, output)
        }
        (_, Err(found)) => {
            output.notice(&found.render(output.styling()));
            Exit::Mistaken
        }
        (Rated::One(name), Ok(loaded)) => {
            if let Some(addon) = installed(&loaded.settings, name) {
                show(&of_addon(addon), format, output);
            }
            Exit::Done
        }
        (Rated::All, Ok(loaded)) => {
            loaded.settings.addons.iter().for_each(|addon| show(&of_addon(addon), format, output));
            Exit::Done
        }
    }
}

fn installed<'a>(settings: &'a Settings, name: &str) -> Option<&'a Addon> {
    settings.addons.iter().find(|addon| addon.slug.as_str() == name).map(AsRef::as_ref)
}

/// A rating and what it is of.
struct Named {
    slug: String,
    name: String,
    manifest: Option<PathBuf>,
    rating: Rating,
}

/// The rating of an add-on of the configuration.
pub(super) fn rating(addon: &Addon) -> Rating {
    let has_route = addon.route.leads_here();
    rate(&RatedAddon::new(addon.package.manifest.as_deref(), &addon.package.rights, has_route))
}

fn of_addon(addon: &Addon) -> Named {
    Named {
        slug: addon.slug.to_string(),
        name: addon.display.title.clone(),
        manifest: addon.package.manifest.as_ref().map(|manifest| manifest.path.clone()),
        rating: rating(addon),
    }
}

fn manifest(path: &Path, keys: &[SigningKey], format: Format, output: &mut Output<'_>) -> Exit {
    if !path.is_file() {
        let hint = "name a manifest's file, or an add-on of the configuration: `vestibule addons list` shows them";
        output.notice(&format!("error: there is no add-on and no file `{}`\nhint: {hint}\n", path.display()));
        return Exit::Mistaken;
    }
    let reading = manifest::read(path, keys);
    output.notice(&reading.found.render(output.styling()));
    let Some(manifest) = reading.manifest else { return Exit::Mistaken };
    let rating = rate(&RatedAddon::new(Some(&manifest), &manifest.rights, false));
    show(&Named { slug: manifest.slug, name: manifest.name, manifest: Some(manifest.path), rating }, format, output);
    Exit::Done
}

fn show(named: &Named, format: Format, output: &mut Output<'_>) {
    output.result(&match format {
        Format::Json => as_json(named).to_string(),
        Format::Text => text(named),
    });
}

fn text(named: &Named) -> String {
    let Rating { score, classic, points, advice } = &named.rating;
    let mut lines = vec![format!("{} ({}): {score} of 8; on the classic scale {classic} of 6", named.slug, named.name)];
    for point in points {
        let effect = match (point.score, point.classic) {
            (Effect::MakesOne, _) => "=1".to_owned(),
            (Effect::Adds(today), Effect::Adds(classic)) if today != classic => format!("{today:+} ({classic:+})"),
            (Effect::Adds(today), _) => format!("{today:+}"),
        };
        lines.push(format!("  {effect:<7} {}: {}", point.key, point.why));
    }
    lines.extend(advice.iter().map(|advice| format!("  advice: {advice}")));
    lines.join("\n")
}

/// For programs. An effect of `null` makes the score one.
fn as_json(named: &Named) -> Json {
    let effect = |effect| if let Effect::Adds(points) = effect { Json::from(points) } else { Json::Null };
    let points = named.rating.points.iter().map(|point| {
        json!({ "key": point.key, "points": effect(point.score), "classic": effect(point.classic), "why": point.why })
    });
    json!({
        "slug": named.slug,
        "name": named.name,
        "manifest": named.manifest,
        "rating": named.rating.score,
        "classic": named.rating.classic,
        "points": points.collect::<Json>(),
        "advice": named.rating.advice,
    })
}
