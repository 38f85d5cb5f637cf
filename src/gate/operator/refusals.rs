//! The pages about what was refused.

use serde_json::{Value, json};

use super::Form;
use crate::gate::refusals::Refusal;
use crate::gate::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::pages::operator::{self, RefusalFilter, RefusalRow};
use crate::pages::{self, Page, PageContext};
use crate::refusal::Reason;

/// The list, or the one with this id.
pub(super) fn answer(
    request: &Sanitized,
    id: &str,
    form: Form,
    context: &PageContext,
    (stages, services): (&Stages, &Services),
) -> Result<Page, Reason> {
    let now = services.clock.now();
    if !id.is_empty() {
        let found = stages.refusals.find(id);
        if form == Form::Json {
            let found = found.ok_or(Reason::UnknownRoute)?;
            return Ok(pages::shielded_json(&as_value(&found)));
        }
        let row = found.as_ref().map(|refusal| row(refusal, now.saturating_since(refusal.at)));
        return Ok(operator::one_refusal(context, id, row.as_ref()));
    }
    let filter = filter(request);
    let all = stages.refusals.newest(|refusal| is_meant(refusal, &filter));
    let page: Vec<_> = all.iter().skip(filter.page.saturating_mul(PER_PAGE)).take(PER_PAGE).collect();
    if form == Form::Json {
        let refusals: Vec<Value> = page.iter().map(|refusal| as_value(refusal)).collect();
        let value = json!({ "refusals": refusals, "count": all.len(), "page": filter.page });
        return Ok(pages::shielded_json(&value));
    }
    let rows: Vec<_> = page.iter().map(|refusal| row(refusal, now.saturating_since(refusal.at))).collect();
    let has_more = all.len() > filter.page.saturating_add(1).saturating_mul(PER_PAGE);
    Ok(operator::refusals(context, &filter, &rows, all.len(), has_more))
}

/// Rows of a page.
const PER_PAGE: usize = 50;

fn filter(request: &Sanitized) -> RefusalFilter {
    let mut filter = RefusalFilter::default();
    for (name, value) in form_urlencoded::parse(request.query().unwrap_or_default().as_bytes()) {
        match &*name {
            "user" => value.trim().clone_into(&mut filter.user),
            "addon" => value.trim().clone_into(&mut filter.addon),
            "reason" => value.trim().clone_into(&mut filter.reason),
            "asks" => filter.asks_access = !value.is_empty(),
            "page" => filter.page = value.parse().unwrap_or_default(),
            _ => {}
        }
    }
    filter
}

fn is_meant(refusal: &Refusal, filter: &RefusalFilter) -> bool {
    let is = |wanted: &str, value: Option<&str>| wanted.is_empty() || value.is_some_and(|value| value == wanted);
    is(&filter.user, refusal.user.as_deref())
        && is(&filter.addon, refusal.addon.as_deref())
        && is(&filter.reason, Some(refusal.reason.label()))
        && (refusal.asks_access || !filter.asks_access)
}

fn row(refusal: &Refusal, since: std::time::Duration) -> RefusalRow<'_> {
    RefusalRow {
        id: &refusal.id,
        at: refusal.at.to_string(),
        since,
        reason: refusal.reason.label(),
        status: refusal.reason.row().status.as_u16(),
        why: &refusal.why,
        user: refusal.user.as_deref().or(refusal.key.as_deref()),
        session: refusal.session.as_deref(),
        addon: refusal.addon.as_deref(),
        client: refusal.client,
        method: &refusal.method,
        host: &refusal.host,
        target: &refusal.target,
        asks_access: refusal.asks_access,
    }
}

fn as_value(refusal: &Refusal) -> Value {
    json!({
        "id": refusal.id,
        "at": refusal.at.to_string(),
        "reason": refusal.reason.label(),
        "status": refusal.reason.row().status.as_u16(),
        "why": refusal.why,
        "user": refusal.user,
        "key": refusal.key,
        "session": refusal.session,
        "addon": refusal.addon,
        "client": refusal.client.to_string(),
        "method": refusal.method,
        "host": refusal.host,
        "target": refusal.target,
        "asks_access": refusal.asks_access,
    })
}
