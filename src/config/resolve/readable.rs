//! Files that the configuration names and that are only looked at: they are there, and can be read.

use std::fs::{self, File};
use std::path::PathBuf;

use toml::Spanned;

use super::context::{Context, OF_WINDOWS, is_of_windows};
use crate::config::diagnostic::Diagnostic;

/// A file that is there and can be read.
pub(in crate::config) fn readable(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<PathBuf> {
    let path = cx.path(text);
    cx.files.push(path.clone());
    let message = match fs::metadata(&path) {
        Ok(metadata) if !metadata.is_file() => "this is not a regular file".to_owned(),
        Ok(_) => match File::open(&path) {
            Ok(_) => return Some(path),
            Err(err) => format!("this file cannot be read: {err}"),
        },
        Err(err) => format!("this file cannot be read: {err}"),
    };
    let hint = if is_of_windows(text.get_ref()) {
        OF_WINDOWS.to_owned()
    } else {
        format!("paths are relative to the configuration's folder: this one is {}", path.display())
    };
    cx.add(Diagnostic::mistake(text.span(), message).label("expected a readable file").hint(hint));
    None
}
