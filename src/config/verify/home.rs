//! Whether Home Assistant is where the configuration says, and who is known there.

use std::error::Error;
use std::path::Path;

use toml::Spanned;

use super::unreadable::obstacle;
use super::{Claims, one_line};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::findings::Findings;
use crate::config::resolve::{hours, name_the_folder};
use crate::config::world::{ApiTrouble, Known, Purpose, World};

/// Who and what its files know, if there are files.
pub(super) fn known(claims: &Claims<'_>, world: &dyn World, findings: &mut Findings) -> Option<Known> {
    let raw = claims.raw.home_assistant.given()?.get_ref();
    let at = raw.config_dir.given()?.span();
    let known = in_folder(at.clone(), claims.settings.home_assistant.config_dir()?, world, findings)?;
    for problem in &known.problems {
        let unusable =
            Diagnostic::warning(at.clone(), format!("Home Assistant's registries cannot be used: {problem}"));
        findings.add(
            unusable
                .label("the folder of this file")
                .hint("without it what depends on an entity is refused; `check` looks at the files as they are now"),
        );
    }
    let hours =
        hours(claims.raw).filter(|_| claims.settings.home_assistant.time_zone.is_none() && !known.has_time_zone);
    if let Some(at) = hours {
        let unsaid = Diagnostic::warning(at, "Home Assistant's files do not say in which time zone these hours are");
        let hint = "without a zone they are in UTC: add time_zone = \"Europe/Berlin\" under [home_assistant]";
        findings.add(unsaid.label("hours of which zone?").hint(hint));
    }
    Some(known)
}

fn in_folder(at: Span, folder: &Path, world: &dyn World, findings: &mut Findings) -> Option<Known> {
    // While Home Assistant writes its files they may be away or half there. Whoever asks whether they hold is told so;
    // whoever serves goes on with what there is.
    let away = |said: String| match world.purpose() {
        Purpose::Serve => Diagnostic::warning(at.clone(), said),
        Purpose::Check => Diagnostic::mistake(at.clone(), said),
    };
    if let Some(obstacle) = obstacle(folder) {
        let denied = away(format!("Home Assistant's users cannot be read: {}", obstacle.message()));
        findings.add(denied.label("the folder of these files").hint(obstacle.hint()));
        return None;
    }
    if !folder.is_dir() {
        return None;
    }
    if !folder.join(".storage/auth").is_file() {
        let nobody = away("Home Assistant's users are not in this folder".to_owned());
        findings.add(nobody.label("expected a folder with `.storage/auth` in it").hint(name_the_folder(folder)));
        return None;
    }
    let unreadable = |err: &(dyn Error + 'static)| {
        away(format!("Home Assistant's files cannot be used: {}", one_line(err)))
            .label("the folder of these files")
            .hint("`check` looks at the files as they are now; Home Assistant itself must be able to start with them")
    };
    world.known(folder)?.map_err(|err| findings.add(unreadable(&*err))).ok()
}

/// Asks a Home Assistant whether it is there. A process that serves asks when it needs it.
pub(super) fn api(claims: &Claims<'_>, world: &dyn World, findings: &mut Findings) {
    let url = claims.raw.home_assistant.given().and_then(|section| section.get_ref().url.given());
    let (Some(api), Some(at)) = (&claims.settings.home_assistant.api, url.map(Spanned::span)) else { return };
    if world.purpose() == Purpose::Serve {
        return;
    }
    if let Err(ApiTrouble { why, hint }) = world.ask_home_assistant(api) {
        let trouble = Diagnostic::warning(at, format!("Home Assistant was asked, and {}", one_line(&*why)));
        findings.add(trouble.label("asked here, just now").hint(hint));
    }
}
