//! An answer for people: the decision, the reason, and one line each for the user and the entity.

use crate::explain::{
    Answer, Because, ExplainedEntity, Groups, Registered, RequestAnswer, Sent, Supposing, named, of_area, of_device,
    shown,
};

/// The answer as lines.
pub(super) fn of(answer: &Answer<'_>) -> String {
    let asked = answer.question;
    let (word, may) = if answer.is_permit() { ("permit", "may") } else { ("deny", "may not") };
    let mut lines =
        vec![format!("{word}: {} {may} {} {}", shown(asked.user), shown(asked.access), shown(asked.entity))];
    lines.extend(answer.entry.and_then(but));
    lines.push(format!("because: {}", answer.reason));
    lines.push(format!("user: {}", user((answer.user_id, answer.question.user), answer.user_name, &answer.groups)));
    lines.extend(answer.not_counting.clone());
    lines.push(format!("entity: {}", registered(answer)));
    lines.join("\n")
}

/// The answer about a request as lines: a line for each rule that was asked, and what only a real request has.
pub(super) fn of_request(answer: &RequestAnswer<'_>) -> String {
    let (word, may) = if answer.is_permit() { ("permit", "may") } else { ("deny", "may not") };
    let what = if answer.websocket { "open a WebSocket at" } else { answer.method };
    let mut lines = vec![format!("{word}: {} {may} {what} {}", shown(answer.user), shown(answer.url))];
    lines.extend(answer.entry.and_then(but));
    lines.push(format!("because: {}", answer.reason));
    lines.extend(
        answer
            .groups
            .as_ref()
            .map(|groups| format!("user: {}", user((answer.user_id, answer.user), answer.user_name, groups))),
    );
    lines.extend(answer.not_counting.clone().filter(|why| !answer.reason.contains(why.as_str())));
    if let Some(certificates) = &answer.certificates {
        if certificates.required {
            lines.push("but: nobody comes to this host without a client certificate".to_owned());
        }
        if !certificates.of_user.is_empty() {
            let all: Vec<_> = certificates.of_user.iter().map(|text| shown(text).to_string()).collect();
            lines.push(format!("certificates: {}", all.join(", ")));
        }
    }
    lines.extend(
        answer
            .addon
            .as_ref()
            .zip(answer.path.as_ref())
            .map(|(addon, path)| format!("add-on: {addon}, which sees {}", shown(path))),
    );
    let told =
        answer.told.as_ref().map(|told| told.parts().iter().map(|part| shown(part).to_string()).collect::<Vec<_>>());
    lines.extend(told.filter(|parts| !parts.is_empty()).map(|parts| format!("told: {}", parts.join("; "))));
    let ruled = |ruled: &crate::explain::Ruled| format!("{}: {}", ruled.decision.word(), ruled.reason);
    lines.extend(answer.rules.iter().map(ruled));
    lines.push(format!("asked: {}", sent(answer.sent, answer.supposing)));
    lines.join("\n")
}

/// How the request is sent that was decided about.
fn sent(sent: &Sent, supposing: &Supposing) -> String {
    let with = match (sent.token, sent.fresh, sent.second_factor) {
        (true, ..) => "an access token",
        (false, false, false) => "a session",
        (false, true, false) => "a session that was signed in to a moment ago",
        (false, false, true) => "a session with a second factor",
        (false, true, true) => "a session that was signed in to a moment ago with a second factor",
    };
    let from = supposing.from.map_or_else(|| "the local network".to_owned(), |from| from.to_string());
    let page = match sent.origin.as_deref() {
        None => "sent by a page of the add-on's own origin".to_owned(),
        Some("none") => "sent without `Origin`".to_owned(),
        Some(origin) => format!("sent by a page of {}", shown(origin)),
    };
    let at = supposing.at.as_ref().map(|at| format!(", at {}", shown(at))).unwrap_or_default();
    let state = |(entity, state): (&String, &String)| format!(", {} being {}", shown(entity), shown(state));
    let states: String = supposing.states.iter().map(state).collect();
    format!("with {with}, from {from}, {page}{at}{states}")
}

/// Who is refused before any policy is asked has nothing of a permit, and must not overlook that.
fn but(entry: ExplainedEntity) -> Option<String> {
    let whence = match (entry.local, entry.elsewhere) {
        (ExplainedEntity::PERMIT, ExplainedEntity::PERMIT) => return None,
        (ExplainedEntity::PERMIT, label) => format!("when they do not come from the local network ({label})"),
        (label, _) => format!("wherever they come from ({label})"),
    };
    Some(format!("but: this user is refused before any policy is asked, {whence}"))
}

fn user((id, asked): (Option<&str>, &str), name: Option<&str>, groups: &Groups<'_>) -> String {
    let who = named(id.unwrap_or(asked), name);
    let of_home: Vec<_> = groups.home_assistant.iter().map(|group| named(group.id, group.name)).collect();
    let configured: Vec<_> = groups.configured.iter().map(|id| shown(id)).collect();
    let besides =
        if configured.is_empty() { String::new() } else { format!("; configured: {}", configured.join(", ")) };
    if of_home.is_empty() {
        format!("{who}, in no group{besides}")
    } else {
        format!("{who}, in {}{besides}", of_home.join(", "))
    }
}

fn registered(answer: &Answer<'_>) -> String {
    match &answer.registered {
        Some(found) => entity(found, answer.groups.count_configured()),
        None => unregistered(answer),
    }
}

/// What only configured groups look at is marked where there are none whose policies count.
fn entity(entity: &Registered<'_>, configured: bool) -> String {
    let mut parts = vec![format!("{}, registered as {}", shown(entity.entity_id), shown(entity.id))];
    match (entity.device, entity.named_device) {
        (Some(device), None) => parts.push(of_device(device)),
        (Some(device), Some(old)) => parts.push(format!("{}, split from device {}", of_device(device), shown(old))),
        (None, Some(gone)) => parts.push(format!("no device and so no area: device {} is not there", shown(gone))),
        (None, None) => parts.push("no device and so no area".to_owned()),
    }
    match (entity.device, entity.area) {
        (Some(device), Some(area)) if device.id == area.of_device => {
            parts.push(format!("area {} of that device", named(area.id, area.name)));
        }
        (Some(_), Some(area)) => parts.push(of_area(area)),
        (Some(_), None) => parts.push("no area".to_owned()),
        (None, _) => {}
    }
    if let Some(own) = entity.own_area {
        parts.push(if configured {
            format!("its own area {} counts for configured groups alone", named(own, entity.names.area(own)))
        } else {
            format!("its own area {} does not count", shown(own))
        });
    }
    if configured {
        let label = |id: &String| named(id, entity.names.label(id));
        let own = entity.own_labels.iter().map(|id| format!("label {}", label(id)));
        let device = entity.device.iter().flat_map(|device| device.labels);
        parts.extend(own.chain(device.map(|id| format!("label {} of its device", label(id)))));
    }
    parts.join("; ")
}

fn unregistered(answer: &Answer<'_>) -> String {
    let entity = shown(answer.question.entity);
    match answer.because {
        Because::NoRegistry { .. } => format!("{entity}, whose device and area cannot be known"),
        _ => format!("{entity}, not in the registry; no device and so no area"),
    }
}

#[cfg(test)]
mod tests {
    use crate::explain::{Area, Device, Names};

    use super::*;

    const DEVICE: Device<'_> = Device { id: "d2", name: Some("Lock"), part_of: None, labels: &[] };

    fn shown(named_device: Option<&str>, device: Option<Device<'_>>, area: Option<Area<'_>>) -> String {
        let own_area = Some("attic");
        let (own_labels, names) = (&[], Names::default());
        entity(
            &Registered { entity_id: "lock.door", id: "r", own_area, own_labels, named_device, device, area, names },
            false,
        )
    }

    #[test]
    fn an_entity_says_how_it_came_by_its_device_and_area() {
        let hall = Area { id: "hall", name: None, of_device: "d2" };
        insta::assert_snapshot!(shown(None, Some(DEVICE), Some(hall)), @"lock.door, registered as r; device d2 (Lock); area hall of that device; its own area attic does not count");
        insta::assert_snapshot!(shown(Some("d1"), Some(DEVICE), None), @"lock.door, registered as r; device d2 (Lock), split from device d1; no area; its own area attic does not count");
        let part = Device { part_of: Some("d1"), ..DEVICE };
        let inherited = Area { of_device: "d1", ..hall };
        insta::assert_snapshot!(shown(None, Some(part), Some(inherited)), @"lock.door, registered as r; device d2 (Lock), part of device d1; area hall of device d1; its own area attic does not count");
        insta::assert_snapshot!(shown(Some("d1"), None, None), @"lock.door, registered as r; no device and so no area: device d1 is not there; its own area attic does not count");
    }
}
