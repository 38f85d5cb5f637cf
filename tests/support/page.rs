//! What one of our own pages loads.

/// The address of the file that a page loads and whose name begins so: `/.vestibule/retry-0123456789ab.js`.
#[track_caller]
pub(crate) fn loaded(html: &str, stem: &str) -> String {
    all_loaded(html)
        .into_iter()
        .find(|address| address.starts_with(&format!("/.vestibule/{stem}-")))
        .unwrap_or_else(|| panic!("the page loads {stem}: {html}"))
}

/// The addresses of all files of ours that a page loads.
pub(crate) fn all_loaded(html: &str) -> Vec<String> {
    let ends = [".css", ".js", ".svg", ".png", ".webmanifest"];
    let quoted = html.split('"').filter(|text| text.starts_with("/.vestibule/"));
    quoted.filter(|text| ends.iter().any(|end| text.ends_with(end))).map(str::to_owned).collect()
}

/// The texts of a page without its tags, for what a person reads.
pub(crate) fn read(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let texts = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    texts.collect::<String>()
}
