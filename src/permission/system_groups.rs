//! The three groups that Home Assistant always has, whatever the file says.

use serde_json::{Value, json};

/// The policy of a system group, or none when the id is not one of the three. Name and policy that the file gives them
/// are ignored, and all three exist even when the file lacks them (spec/permissions.md section 1).
pub fn system_group_policy(group_id: &str) -> Option<Value> {
    match group_id {
        "system-admin" | "system-users" => Some(json!({"entities": true})),
        "system-read-only" => Some(json!({"entities": {"all": {"read": true}}})),
        _ => None,
    }
}
