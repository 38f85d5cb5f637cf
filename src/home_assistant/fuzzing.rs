//! Fuzz target: the files of `.storage`.

use super::auth_file::AuthFile;
use super::password_file::PasswordFile;
use super::registries;
use super::second_factor;

/// The first byte says which file it is. Every user of a file that is taken is in groups that exist, and every refresh
/// token is a user's; a file that breaks off is never taken.
pub(crate) fn storage_files(bytes: &[u8]) {
    let Some((which, file)) = bytes.split_first() else { return };
    let whole = file.trim_ascii();
    let broken = whole.get(..whole.len().saturating_sub(1)).unwrap_or_default();
    let is_taken = |file: &[u8]| match which % 7 {
        0 => auth(file),
        1 => passwords(file),
        2 => second_factor::parse(file).is_ok(),
        3 => registries::entities(file).is_ok(),
        4 => registries::devices(file).is_ok(),
        5 => registries::areas(file).is_ok(),
        _ => registries::labels(file).is_ok(),
    };
    if is_taken(file) {
        assert!(is_taken(file), "the same file was taken once");
        assert!(!is_taken(broken), "a file without its last byte was taken");
    }
}

fn auth(file: &[u8]) -> bool {
    let Ok(auth) = AuthFile::parse(file) else { return false };
    let mut ids: Vec<_> = auth.users().iter().map(|user| &user.id).collect();
    for user in auth.users() {
        assert!(user.groups.iter().all(|group| auth.groups().contains_key(group)), "{} is in no such group", user.id);
    }
    for token in auth.refresh_tokens() {
        assert!(ids.contains(&&token.user_id), "a token of nobody's");
        assert!(auth.refresh_token(&token.id).is_some_and(|meant| meant.id == token.id));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), auth.users().len(), "one user twice");
    true
}

fn passwords(file: &[u8]) -> bool {
    let Ok(passwords) = PasswordFile::parse(file) else { return false };
    assert!(passwords.find("\u{0}nobody").is_none());
    true
}
