//! `/auth` and what is below it: whether passwords are right, new ones, and who has one.

use http::{Method, StatusCode};
use serde_json::json;

use super::{LARGEST, missing};
use crate::addon_api::answer::{self, Answer};
use crate::addon_api::api::{AddonApi, Call};
use crate::addon_api::auth::Question;
use crate::addon_api::caller::AddonCaller;
use crate::identity::Health;

/// `GET` and `POST /auth`
pub(in crate::addon_api) async fn check(api: &AddonApi, mut call: Call) -> Answer {
    if !matches!(call.method, Method::GET | Method::POST) {
        return answer::plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(by) = call.by.take() else { return answer::plain(StatusCode::UNAUTHORIZED) };
    // Case 47.
    if !by.granted().rights().auth_api {
        return answer::error(StatusCode::FORBIDDEN, "Can't use Home Assistant auth!");
    }
    call.open.exchange().subject().uses_auth_api();
    let body = match api.room(by.addon(), &call.configured).read(&mut call.body, LARGEST).await {
        Ok(body) => body,
        Err(unread) => return unread.answer(),
    };
    api.auth.answer(question(&call, &by, &body.bytes), &call.configured.home).await
}

/// `POST /auth/reset`: a new password for a user. That the caller's role is `admin` was judged before.
pub(in crate::addon_api) async fn reset(api: &AddonApi, mut call: Call) -> Answer {
    if call.method != Method::POST {
        return answer::plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(by) = call.by.take() else { return answer::plain(StatusCode::UNAUTHORIZED) };
    let body = match api.room(by.addon(), &call.configured).read(&mut call.body, LARGEST).await {
        Ok(body) => body,
        Err(unread) => return unread.answer(),
    };
    let supervisor = &call.configured.settings.supervisor;
    let token = supervisor.password_reset_token.as_ref().or(supervisor.home_assistant_token.as_ref());
    let Some(token) = token else { return missing() };
    api.auth.reset(question(&call, &by, &body.bytes), &call.configured.home, token).await
}

/// `DELETE /auth/cache`
pub(in crate::addon_api) fn forget(api: &AddonApi, call: &Call) -> Answer {
    if call.method != Method::DELETE {
        return answer::plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    api.auth.clear_cache();
    answer::ok(&json!({}))
}

/// `GET /auth/list`: users with a user name (case 35).
pub(in crate::addon_api) fn list(call: &Call) -> Answer {
    if call.method != Method::GET {
        return answer::plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let directory = call.configured.home.directory().load();
    // Case 36: the users are not known, which is not the same as that there are none.
    if directory.health() != Health::Good {
        let message = "Can't request listing users on Home Assistant";
        return answer::keyed_error(StatusCode::INTERNAL_SERVER_ERROR, message, "auth_list_users_error");
    }
    let mut users: Vec<_> = directory.users().filter_map(|user| Some((user.username()?, user))).collect();
    users.sort_by_key(|(username, _)| *username);
    let users: Vec<_> = users
        .into_iter()
        .map(|(username, user)| {
            json!({
                "username": username,
                "name": user.name,
                "is_owner": user.is_owner,
                "is_active": user.is_active,
                "local_only": user.local_only,
                "group_ids": user.groups.iter().map(|group| &**group).collect::<Vec<_>>(),
            })
        })
        .collect();
    answer::ok(&json!({ "users": users }))
}

fn question<'a>(call: &'a Call, by: &'a AddonCaller, body: &'a [u8]) -> Question<'a> {
    let settings = &call.configured.settings;
    Question {
        addon: by.addon(),
        client: call.client,
        headers: &call.headers,
        body,
        id: call.id,
        limits: &settings.sign_in,
        remember: settings.supervisor.auth_cache,
    }
}
