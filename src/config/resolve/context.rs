//! What the resolvers of all sections share: defaults, bounds, words, paths, and the place where findings go.
//!
//! In come raw values, out come real ones. A value that is wrong is reported and its default takes its place, so that
//! the rest of the file is judged as well; the result of a file with a mistake is never used.

use std::net::SocketAddr;
use std::ops::{RangeFull, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;
use zeroize::Zeroizing;

use crate::config::Diagnostics;
use crate::config::client_auth::ClientTrust;
use crate::config::diagnostic::{Diagnostic, SourceLocation, Span, quoted};
use crate::config::emails::Emails;
use crate::config::findings::Findings;
use crate::config::nearest::nearest;
use crate::config::raw::section::Key;
use crate::config::raw::shape::{SizeText, TimeText};
use crate::config::secret;
use crate::config::units::{Size, Time, show_size, show_time};
use crate::ids::RequestRate;

/// Goes through all resolvers.
pub(in crate::config) struct Context<'a> {
    /// The folder of the file: other paths are relative to it.
    pub(in crate::config) base: &'a Path,
    /// Where everything is kept whose place no other key names.
    pub(in crate::config) state_dir: PathBuf,
    /// The addresses of users.
    pub(in crate::config) emails: Arc<Emails>,
    /// What was found.
    pub(in crate::config) findings: Findings,
    /// The secrets and certificates that were looked at, there or not.
    pub(in crate::config) files: Vec<PathBuf>,
    /// What was found in manifests.
    pub(in crate::config) manifests: Vec<Diagnostics>,
    /// The addresses to listen on, and where they are named.
    pub(in crate::config) addresses: Vec<(SocketAddr, SourceLocation)>,
    /// The chains and keys that can be read, and where they are named.
    pub(in crate::config) certificates: Vec<(PathBuf, PathBuf, Span)>,
    /// Whose client certificates are believed, and where those files are named: of the authorities, and of the lists.
    pub(in crate::config) client_trusts: Vec<(ClientTrust, Span, Span)>,
    /// The PEM texts of authorities, and where their files are named.
    pub(in crate::config) authorities: Vec<(Arc<[u8]>, Span)>,
}

impl<'a> Context<'a> {
    /// Nothing resolved yet.
    pub(in crate::config) fn new(base: &'a Path, findings: Findings) -> Self {
        Self {
            base,
            state_dir: base.join(STATE_DIR),
            emails: Arc::default(),
            findings,
            files: Vec::new(),
            manifests: Vec::new(),
            addresses: Vec::new(),
            certificates: Vec::new(),
            client_trusts: Vec::new(),
            authorities: Vec::new(),
        }
    }

    /// Adds a finding.
    pub(in crate::config) fn add(&mut self, diagnostic: Diagnostic) {
        self.findings.add(diagnostic);
    }

    /// A value that has no default: its absence is a mistake at `owner`, the table it belongs to.
    pub(in crate::config) fn required<'r, T>(
        &mut self,
        key: &'r Key<T>,
        name: &str,
        owner: &Span,
        example: &str,
    ) -> Option<&'r Spanned<T>> {
        if matches!(key, Key::Absent) {
            let missing = Diagnostic::mistake(owner.clone(), format!("`{name}` is missing"));
            self.add(missing.label(format!("expected `{name}` in this table")).hint(format!("add {name} = {example}")));
        }
        key.given()
    }

    /// A path, made absolute.
    pub(in crate::config) fn path(&mut self, text: &Spanned<String>) -> PathBuf {
        let path = text.get_ref();
        if path.is_empty() || path.contains('\0') {
            let bad = Diagnostic::mistake(text.span(), "an empty path, or one with a NUL in it");
            self.add(bad.label("expected a path").hint("paths are relative to the configuration's folder"));
        }
        self.base.join(path)
    }

    /// A secret from a file, whose value reaches no message.
    pub(in crate::config) fn secret(&mut self, text: &Spanned<String>) -> Option<Zeroizing<Vec<u8>>> {
        let path = self.path(text);
        self.files.push(path.clone());
        match secret::read(&path) {
            Ok(secret) => {
                if secret.open_to_others {
                    let open =
                        Diagnostic::warning(text.span(), "others on this machine may read or change this secret");
                    self.add(open.label("readable by others").hint(format!("chmod 600 {}", path.display())));
                }
                Some(secret.value)
            }
            Err(err) => {
                let hint = format!("{}: this one is {}", err.hint(), path.display());
                let bad = Diagnostic::mistake(text.span(), err.to_string());
                self.add(bad.label("expected a file with one line").hint(hint));
                None
            }
        }
    }

    /// Where something is kept: at the path of its own key, or under this name in `state_dir`.
    pub(in crate::config) fn state_path(&mut self, key: &Key<String>, name: &str) -> PathBuf {
        match key.given() {
            Some(text) => self.path(text),
            None => self.state_dir.join(name),
        }
    }

    /// Takes over `state_dir`, before any path below it is asked for.
    pub(in crate::config) fn keep_state_in(&mut self, key: &Key<String>) {
        let Some(text) = key.given() else { return };
        self.state_dir = self.path(text);
        if self.state_dir.exists() && !self.state_dir.is_dir() {
            let file = Diagnostic::mistake(text.span(), "this is not a folder");
            self.add(file.label("expected a folder").hint("name a folder; it is made when it does not exist"));
        }
    }

    /// A time that lies between two others.
    pub(in crate::config) fn time(
        &mut self,
        key: &Key<TimeText>,
        default: Duration,
        bounds: RangeInclusive<Duration>,
    ) -> Duration {
        let Some(text) = key.given() else { return default };
        let parsed = self.findings.parse(&Spanned::new(text.span(), text.get_ref().0.clone()));
        let Some(Time(time)) = parsed else { return default };
        if !bounds.contains(&time) {
            let (least, most) = (show_time(*bounds.start()), show_time(*bounds.end()));
            self.out_of_bounds(text.span(), &show_time(time), &least, &most, &show_time(default));
        }
        time
    }

    /// How old a sign-in may become; nothing where that cannot be read.
    pub(in crate::config) fn age(&mut self, text: &Spanned<TimeText>) -> Option<Duration> {
        let parsed = self.findings.parse(&Spanned::new(text.span(), text.get_ref().0.clone()));
        let Time(age) = parsed?;
        let (least, most) = (Duration::from_secs(1), Duration::from_hours(24 * 365));
        if !(least..=most).contains(&age) {
            let bad = Diagnostic::mistake(text.span(), format!("{} is out of bounds", show_time(age)));
            let label = format!("expected a time from {} to {}", show_time(least), show_time(most));
            self.add(bad.label(label).hint("without the key nobody is asked to sign in again"));
        }
        Some(age)
    }

    /// A size that lies between two others.
    pub(in crate::config) fn size(&mut self, key: &Key<SizeText>, default: u64, bounds: RangeInclusive<u64>) -> u64 {
        let Some(text) = key.given() else { return default };
        let parsed = self.findings.parse(&Spanned::new(text.span(), text.get_ref().0.clone()));
        let Some(Size(size)) = parsed else { return default };
        if !bounds.contains(&size) {
            let (least, most) = (show_size(*bounds.start()), show_size(*bounds.end()));
            let default = if default == u64::MAX { "no limit".to_owned() } else { show_size(default) };
            self.out_of_bounds(text.span(), &show_size(size), &least, &most, &default);
        }
        size
    }

    /// A size of what is held in memory.
    pub(in crate::config) fn bytes(&mut self, key: &Key<SizeText>, default: u64, bounds: RangeInclusive<u64>) -> usize {
        usize::try_from(self.size(key, default, bounds)).unwrap_or(usize::MAX)
    }

    /// How often something may be done.
    pub(in crate::config) fn rate(
        &mut self,
        key: &Key<String>,
        default: Option<RequestRate>,
        _: RangeFull,
    ) -> Option<RequestRate> {
        key.given().map_or(default, |text| self.findings.parse(text))
    }

    /// A number that lies between two others.
    pub(in crate::config) fn number(&mut self, key: &Key<u64>, default: u32, bounds: RangeInclusive<u32>) -> u32 {
        let Some(number) = key.given() else { return default };
        let fits = u32::try_from(*number.get_ref()).ok().filter(|number| bounds.contains(number));
        fits.unwrap_or_else(|| {
            let (least, most) = (bounds.start().to_string(), bounds.end().to_string());
            self.out_of_bounds(number.span(), &number.get_ref().to_string(), &least, &most, &default.to_string());
            default
        })
    }

    /// A number of things to hold.
    pub(in crate::config) fn count(&mut self, key: &Key<u64>, default: u32, bounds: RangeInclusive<u32>) -> usize {
        usize::try_from(self.number(key, default, bounds))
            .expect("a usize holds every u32 on the systems tokio runs on")
    }

    /// One of a few words.
    pub(in crate::config) fn word<T: Copy>(&mut self, text: &Spanned<String>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| word == text.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let all = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
            let near = nearest(text.get_ref(), words.iter().map(|(word, _)| *word));
            let hint = near.map_or_else(|| format!("write {all}"), |near| format!("did you mean \"{near}\"?"));
            let unknown = Diagnostic::mistake(text.span(), format!("unknown word {}", quoted(text.get_ref())));
            self.add(unknown.label(format!("expected {all}")).hint(hint));
        }
        found
    }

    /// One of a few words, or the default when the key is absent.
    pub(in crate::config) fn word_or<T: Copy>(&mut self, key: &Key<String>, default: T, words: &[(&str, T)]) -> T {
        key.given().and_then(|text| self.word(text, words)).unwrap_or(default)
    }

    fn out_of_bounds(&mut self, at: Span, value: &str, least: &str, most: &str, default: &str) {
        let bad = Diagnostic::mistake(at, format!("{value} is out of bounds"));
        self.add(bad.label(format!("expected {least} to {most}")).hint(format!("the default is {default}")));
    }
}

/// `state_dir` where the file does not name one.
pub(in crate::config) const STATE_DIR: &str = "state";

/// Whether a text is a path with a drive, or one between backslashes alone.
pub(in crate::config) fn is_of_windows(text: &str) -> bool {
    let drive = text.get(1..).is_some_and(|rest| rest.starts_with(":\\") || rest.starts_with(":/"));
    drive || (text.contains('\\') && !text.contains('/'))
}

/// What to do about one.
pub(in crate::config) const OF_WINDOWS: &str =
    "this is a path of Windows: write where it is on this machine, with `/`, as in \"/path/to/home-assistant\"";

/// Yes or no, with a default.
pub(in crate::config) fn flag(key: &Key<bool>, default: bool) -> bool {
    key.given().map_or(default, |flag| *flag.get_ref())
}
