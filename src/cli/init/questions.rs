//! What `init` asks when somebody sits at a terminal: one line for each question, with a default in brackets.

use std::io::{self, BufRead, ErrorKind};
use std::path::{Path, PathBuf};

use super::InitArguments;
use crate::cli::output::Output;

/// Fills in what no flag said.
pub(super) fn ask(given: &mut InitArguments, input: &mut dyn BufRead, output: &mut Output<'_>) -> io::Result<()> {
    if given.home_assistant.is_none() {
        let usual = usual_folder().map(|folder| folder.display().to_string());
        let question = "Home Assistant's configuration folder, or its URL when that cannot be read";
        given.home_assistant = one(question, usual.as_deref(), input, output)?;
    }
    if given.has_url() && given.token.is_none() {
        let question = "A file with a long-lived access token of an administrator";
        given.token = one(question, Some("secrets/home-assistant"), input, output)?.map(PathBuf::from);
    }
    if given.host.is_empty() {
        let question = "The host name that browsers will open, empty for this machine alone";
        given.host.extend(one(question, None, input, output)?);
    }
    if given.certificate.is_none() && !given.host.is_empty() {
        let question = "Its certificate with those above it (PEM), empty to make one for trying it out";
        given.certificate = one(question, None, input, output)?.map(PathBuf::from);
    }
    if given.certificate.is_some() && given.key.is_none() {
        given.key = one("The private key of that certificate (PEM)", None, input, output)?.map(PathBuf::from);
    }
    Ok(())
}

/// One answer; nothing when there is neither one nor a default.
fn one(
    question: &str,
    default: Option<&str>,
    input: &mut dyn BufRead,
    output: &mut Output<'_>,
) -> io::Result<Option<String>> {
    let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
    output.notice(&format!("{question}{shown}: "));
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let answer = Some(line.trim()).filter(|answer| !answer.is_empty());
    Ok(answer.or(default).map(str::to_owned))
}

/// Where Home Assistant's folder usually is, if it is there.
fn usual_folder() -> Option<PathBuf> {
    let in_home = std::env::home_dir().map(|home| home.join(".homeassistant"));
    let usual = ["/config", "/homeassistant", "/home/homeassistant/.homeassistant", "/opt/homeassistant/config"];
    let folders = in_home.into_iter().chain(usual.map(PathBuf::from));
    folders.into_iter().find(|folder| Path::new(folder).join(".storage").is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Styling;

    fn answered(lines: &str) -> io::Result<InitArguments> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut given = InitArguments::default();
        ask(&mut given, &mut lines.as_bytes(), &mut Output::new(&mut out, &mut err, Styling::Plain)).map(|()| given)
    }

    #[test]
    fn each_question_takes_a_line_and_what_follows_from_it_is_asked() {
        let given = answered("/ha\nhome.example\nc.pem\nk.pem\n").unwrap();
        assert_eq!(given.home_assistant.as_deref(), Some("/ha"));
        assert_eq!((given.host, given.key), (vec!["home.example".to_owned()], Some("k.pem".into())));
        let given = answered("http://ha:8123\n\n\n").unwrap();
        assert_eq!(given.token, Some("secrets/home-assistant".into()), "the default of an empty answer");
        assert!(given.host.is_empty() && given.certificate.is_none());
    }

    #[test]
    fn an_end_of_the_answers_is_an_end() {
        assert!(answered("/ha\n").is_err());
    }
}
