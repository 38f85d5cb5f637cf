//! `vestibule init`: a first configuration. Asks, or takes flags; looks which add-ons listen here; writes a file that
//! `check` judges at once, and says what comes next. It never writes over a file unless it is told to.

mod found;
mod questions;
mod signatures;
mod text;

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Exit, Output};
use crate::config::Purpose;
use crate::entropy::random;
use crate::server::ThisWorld;
use found::FoundAddon;
use signatures::documented;
use text::{Answers, Home};

#[derive(Debug, Args, Default)]
pub(super) struct InitArguments {
    /// Home Assistant's configuration folder; or its URL, where the folder cannot be read.
    #[arg(long, value_name = "FOLDER|URL")]
    home_assistant: Option<String>,
    /// With a URL: the file with a long-lived access token of an administrator.
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    /// What browsers call vestibule, the main one first; without any it is for this machine alone.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// An address to listen on; by default port 443 of all, or `127.0.0.1:8443` without a host.
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// The address of health and metrics; by default `127.0.0.1:9443`.
    #[arg(long, value_name = "ADDRESS")]
    operations: Option<String>,
    /// Your certificate with those above it, PEM; without it one is made for trying it out.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Where everything is kept; by default `state` beside the configuration, or `/var/lib/vestibule` for one in
    /// `/etc`.
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// A port of this machine on which an add-on listens, besides the usual ones.
    #[arg(long, value_name = "PORT")]
    port: Vec<u16>,
    /// Look for no add-ons.
    #[arg(long, conflicts_with = "port")]
    no_addons: bool,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

impl InitArguments {
    fn has_url(&self) -> bool {
        self.home_assistant.as_deref().is_some_and(|home| home.contains("://"))
    }
}

/// Makes a configuration at `file`.
pub(super) fn init(file: &Path, mut given: InitArguments, output: &mut Output<'_>) -> Exit {
    if !given.force && file.symlink_metadata().is_ok() {
        return refused(&format!("`{}` is there already", file.display()), "--force writes over it", output);
    }
    if io::stdin().is_terminal()
        && let Err(error) = questions::ask(&mut given, &mut io::stdin().lock(), output)
    {
        return refused(&format!("there was no answer: {error}"), "give the answers as flags: `init --help`", output);
    }
    let answers = match answers(file, &given) {
        Ok(answers) => answers,
        Err((what, hint)) => return refused(&what, hint, output),
    };
    let addons = if given.no_addons { Vec::new() } else { found::look(&given.port) };
    if let Err(error) = write(file, &text::configuration(&answers, &addons), given.force) {
        output.notice(&format!("error: `{}` cannot be written: {error}\n", file.display()));
        return Exit::Failed;
    }
    output.result(&format!("wrote {}", file.display()));
    for addon in &addons {
        output.result(&describe(addon));
    }
    if addons.is_empty() && !given.no_addons {
        output.notice("note: no add-on that is known answered here; `--port` names one on a port of its own\n");
    }
    let exit = super::check(file, &ThisWorld(Purpose::Check), output);
    output.notice(&next(file, exit));
    exit
}

fn refused(what: &str, hint: &str, output: &mut Output<'_>) -> Exit {
    output.notice(&format!("error: {what}\nhint: {hint}\n"));
    Exit::Mistaken
}

/// What the flags and the answers say; paths that somebody typed here are relative to this folder, and in the file they
/// would be relative to its own.
fn answers(file: &Path, given: &InitArguments) -> Result<Answers, (String, &'static str)> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(home) = given.home_assistant.as_deref() else {
        let hint = "name its folder, as in `vestibule init --home-assistant /path/to/home-assistant`, or its URL";
        return Err(("it is not said where Home Assistant is".to_owned(), hint));
    };
    let home = match (given.has_url(), &given.token) {
        (false, _) if !Path::new(home).is_dir() => {
            return Err((
                format!("`{home}` is not a folder"),
                "name the folder with `configuration.yaml` and `.storage`",
            ));
        }
        (false, _) => Home::Folder(absolute(Path::new(home))),
        (true, Some(token)) => Home::Api(home.trim_end_matches('/').to_owned(), absolute(token)),
        (true, None) => {
            let hint = "an administrator makes a long-lived access token in their profile, under Security: put it alone into \
                        a file with mode 0600, and name that with `--token`";
            return Err(("the API needs a token".to_owned(), hint));
        }
    };
    let certificate = given.certificate.as_deref().zip(given.key.as_deref());
    let in_etc = absolute(file).starts_with("/etc").then(|| PathBuf::from("/var/lib/vestibule"));
    Ok(Answers {
        home,
        hosts: given.host.clone(),
        listen: given.listen.clone(),
        operations: given.operations.clone(),
        certificate: certificate.map(|(chain, key)| (absolute(chain), absolute(key))),
        state_dir: given.state_dir.as_deref().map(absolute).or(in_etc),
    })
}

/// Puts the file in its place whole. Without `force`, a file that has come there meanwhile stays.
fn write(file: &Path, text: &str, force: bool) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{:08x}.new", u32::from_ne_bytes(random())));
    let beside = PathBuf::from(beside);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&beside).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        // A link fails where a file is, and a rename would replace it.
        if force { fs::rename(&beside, file) } else { fs::hard_link(&beside, file) }
    });
    let _gone = fs::remove_file(&beside);
    written
}

/// What was found, and what it needs of its own.
fn describe(addon: &FoundAddon) -> String {
    let needs = documented(addon.signature.slug).map(|(_, needs)| needs).unwrap_or_default();
    let words = needs.split_whitespace().collect::<Vec<_>>().join(" ");
    // The rest is for who opens the document.
    let first: Vec<&str> = words.split_inclusive(". ").take(2).collect();
    format!("found {} at {}: {}", addon.signature.slug, addon.upstream, first.concat().trim_end())
}

fn next(file: &Path, exit: Exit) -> String {
    let file = file.display();
    let first = if exit == Exit::Done { "" } else { "- mend what is said above\n" };
    format!(
        "next:\n{first}- let each add-on listen where only vestibule reaches it, as on 127.0.0.1\n\
         - vestibule --config {file} serve       and open the address that its last line names\n\
         - vestibule --config {file} doctor      when something does not work\n\
         - docs/operations.md has the service of systemd, docs/configuration.md every key\n"
    )
}
