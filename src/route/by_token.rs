//! Routes at Home Assistant's entry point: by an add-on's token, as its own pages and its Supervisor name add-ons
//! (docs/design/supervisor.md sections 1.1 and 1.2).

/// Where Home Assistant's pages see an add-on, before its token.
pub const HOME_ASSISTANTS: &str = "/api/hassio_ingress/";

/// How a path may begin: as the browser asks, or as Home Assistant asks its Supervisor, in both versions.
const BEGINNINGS: [&str; 3] = ["/ingress/", HOME_ASSISTANTS, "/v2/ingress/"];

/// The token in this path, and how many bytes the add-on does not see. Without a slash after the token there is none:
/// that is no address of an add-on there, and no page of ours either.
pub(super) fn token_in(path: &str) -> Option<(&str, usize)> {
    token_behind(path, &BEGINNINGS)
}

/// The same at Home Assistant's front, where there is only what browsers ask.
pub(super) fn front_token_in(path: &str) -> Option<(&str, usize)> {
    token_behind(path, &[HOME_ASSISTANTS])
}

fn token_behind<'p>(path: &'p str, beginnings: &[&str]) -> Option<(&'p str, usize)> {
    let rest = beginnings.iter().find_map(|beginning| path.strip_prefix(beginning))?;
    let (token, path_there) = rest.split_once('/')?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let stripped = path.len().checked_sub(path_there.len())?.checked_sub(1)?;
    (!token.is_empty() && token.bytes().all(legal)).then_some((token, stripped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_between_two_slashes_as_it_was_sent() {
        for (path, token, seen) in [
            ("/ingress/aB-_9/", "aB-_9", "/"),
            ("/api/hassio_ingress/a/b/c", "a", "/b/c"),
            ("/v2/ingress/a//b", "a", "//b"),
            ("/ingress/session/x", "session", "/x"),
        ] {
            let (found, stripped) = token_in(path).unwrap();
            assert_eq!((found, path.split_at(stripped).1), (token, seen), "{path}");
        }
        for path in [
            "/ingress/a",
            "/ingress//a/",
            "/ingress/%61/",
            "/ingress/a.b/",
            "/ingress/a;x/",
            "/api/hassio_ingressx/a/",
            "/api/hassio_ingress/a",
            "/v2/api/hassio_ingress/a/",
            "/V2/ingress/a/",
            "//ingress/a/",
            "/",
        ] {
            assert_eq!(token_in(path), None, "{path}");
        }
    }
}
