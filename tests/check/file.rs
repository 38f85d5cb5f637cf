//! The file as a whole: encodings, line ends, sizes, syntax, keys, and several mistakes at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Folder, HOME, accepted, addon, refused};
use vestibule::cli::Exit;
use vestibule::config::{FilesAlone, load};
use vestibule::diagnostic::Styling;

#[test]
fn a_missing_file_is_named() {
    let found = load(&Folder::new().path("none.toml"), &FilesAlone).unwrap_err().to_string();
    assert!(found.contains("error: the configuration cannot be read: No such file"), "{found}");
    assert!(found.contains("none.toml") && found.contains("hint:"), "{found}");
}

#[test]
fn a_file_of_ten_mebibytes_is_refused() {
    let folder = Folder::new();
    let found = folder.load("# padding\n".repeat(1 << 20)).unwrap_err().to_string();
    assert!(found.contains("larger than 1 MiB"), "{found}");
    let most = format!("{HOME}{}", " ".repeat((1 << 20) - HOME.len()));
    assert!(folder.load(&most).is_ok());
    assert!(folder.load(format!("{most} ")).is_err());
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_where_it_begins_not_to_be() {
    let found = Folder::new().load(b"# caf\xc3\xa9\ntitle = \"caf\xe9\"\n").unwrap_err().to_string();
    assert!(found.contains("not UTF-8") && found.contains("config.toml:2:13"), "{found}");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    accepted(&addon("title = \"A\"").replace('\n', "\r\n"));
    accepted(&format!("\u{feff}{}", addon("")));
    let text = format!("\u{feff}{}", addon("titel = \"A\"").replace('\n', "\r\n"));
    refused(&text, "7:1", &["unknown key `titel`", "did you mean `title`?"]);
    refused(&format!("\u{feff}a.b.c = 1\n{HOME}"), "1:1", &["unknown key `a`"]);
}

#[test]
fn an_error_of_syntax_is_shown_where_it_is() {
    refused(&format!("{HOME}[listen\nhttps = []\n"), "3:8", &["not TOML", "expected `]`"]);
    refused(
        &format!("{HOME}[log]\naccess = true\naccess = false\n"),
        "5:1",
        &["not TOML: duplicate key", "4 | access = ****", "first here"],
    );
}

#[test]
fn no_cut_or_change_of_a_file_ends_in_a_panic() {
    let folder = Folder::new();
    let lines =
        "headers = { \"X-Ä\" = \"ö\\n\", \"X-B\" = { file = \"ü\" } }\nframing = [\"https://ß\"]\nicon = '''ü'''";
    let text = addon(lines);
    for (place, _) in text.char_indices() {
        let (before, behind) = text.split_at(place);
        let rest: String = behind.chars().skip(1).collect();
        for between in ["", "\"", "]", "\n", "=", "\u{202e}", "\0", "[["] {
            let _ = folder.load(format!("{before}{between}{rest}")).map_err(|found| found.render(Styling::Ansi));
        }
        let _ = folder.load(before).map_err(|found| found.render(Styling::Plain));
    }
}

#[test]
fn a_deep_nest_is_refused_before_the_stack_ends() {
    for text in [
        format!("a = {}", "[".repeat(500_000)),
        format!("a = {}", "{a=".repeat(300_000)),
        format!("{}b = 1", "a.".repeat(500_000)),
    ] {
        assert!(Folder::new().load(text).unwrap_err().mistakes() > 0);
    }
}

#[test]
fn a_configuration_that_everybody_may_change_is_warned_about() {
    let folder = Folder::new();
    let path = folder.write("config.toml", addon(""));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let warnings = load(&path, &FilesAlone).unwrap().warnings.to_string();
    assert!(warnings.contains("everybody on this machine may change") && warnings.contains("chmod o-w"), "{warnings}");
}

#[test]
fn a_file_with_mistakes_says_what_to_watch_until_they_are_gone() {
    let folder = Folder::new();
    let found = folder.load(addon("headers = { \"X-A\" = { file = \"none\" } }")).unwrap_err();
    assert_eq!(found.files(), [folder.path("config.toml"), folder.path("none")]);
    assert_eq!(folder.load("[").unwrap_err().files(), [folder.path("config.toml")]);
}

#[test]
fn an_unclosed_list_is_not_an_error_of_every_line() {
    let text = format!("{HOME}[listen]\nhttps = [\n{}", "a = 1\n".repeat(500));
    let found = Folder::new().load(text).unwrap_err();
    assert!((1..=10).contains(&found.mistakes()), "{found}");
}

#[test]
fn s129_an_unknown_key_gets_the_nearest_known_one() {
    refused(&format!("{HOME}[sesion]\n"), "3:2", &["unknown key `sesion`", "did you mean `session`?"]);
    refused(
        &format!("{HOME}[session]\nidle = \"1m\"\n"),
        "4:1",
        &["unknown key `idle`", "idle_timeout, absolute_timeout"],
    );
    refused(&format!("{HOME}[session]\nidle-timeout = \"1m\"\n"), "4:1", &["did you mean `idle_timeout`?"]);
    refused(&addon("access = { group = [] }").replace("group =", "grups ="), "7:12", &["did you mean `groups`?"]);
    refused(&addon("identity_headers = { nmae = \"X-A\" }"), "7:22", &["did you mean `name`?"]);
    refused(&addon("\"\\u001b[31m\" = 1"), "7:1", &["unknown key `\\u{1b}[31m`"]);
}

#[test]
fn all_mistakes_of_a_file_are_shown_in_its_order() {
    let text =
        "[listen]\nhttps = [\"nowhere\", 7]\n[session]\nidle_timeout = 30\nstroe = \"x\"\n[[addon]]\nslug = \"A\"\n";
    let (exit, out, err) = Folder::new().check(text);
    assert_eq!((exit, out.as_str()), (Exit::Mistaken, ""));
    let places = ["config.toml\n", ":2:10", ":2:21", ":4:16", ":5:1", ":6:1", ":6:1", ":7:8"];
    let shown: Vec<_> = err.lines().filter_map(|line| line.trim_start().strip_prefix("--> ")).collect();
    assert_eq!(shown.len(), places.len(), "{err}");
    for (place, shown) in places.iter().zip(shown) {
        assert!(format!("{shown}\n").contains(place), "{shown} is not {place}\n{err}");
    }
    assert!(err.ends_with("config.toml: 8 mistakes\n"), "{err}");
}

#[test]
fn a_mistake_looks_like_one_of_rustc() {
    let folder = Folder::new();
    let found = folder.load(addon("prefix = \"stripp\"")).unwrap_err().to_string();
    let found = found.replace(folder.path("").to_str().unwrap(), "");
    insta::assert_snapshot!(found, @r#"
    error: unknown word `stripp`
     --> config.toml:7:10
      |
    7 | prefix = "stripp"
      |          ^^^^^^^^ expected "strip" or "keep"
      |
      = hint: did you mean "strip"?
    "#);
}

#[test]
fn two_places_are_shown_when_two_disagree() {
    let folder = Folder::new();
    let more = "[[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/b\"";
    let found = folder.load(addon(more)).unwrap_err().to_string();
    let found = found.replace(folder.path("").to_str().unwrap(), "");
    insta::assert_snapshot!(found, @r#"
    error: two add-ons with one slug
     --> config.toml:8:8
      |
    4 | slug = "a"
      |        --- first here
    ...
    8 | slug = "a"
      |        ^^^ here again
      |
      = hint: give one of them another slug
    "#);
}

#[test]
fn colours_are_for_terminals_only() {
    let found = Folder::new().load("x = 1").unwrap_err();
    assert!(found.render(Styling::Ansi).contains("\u{1b}["));
    assert!(!found.render(Styling::Plain).contains('\u{1b}'));
    assert_eq!(found.to_string(), found.render(Styling::Plain));
}

#[test]
fn a_good_file_is_summed_up_in_one_line() {
    let (exit, out, err) = Folder::new().check(addon(""));
    assert_eq!((exit, err.as_str()), (Exit::Done, ""));
    assert!(out.ends_with("config.toml: ok: 1 add-on (a) on 127.0.0.1:8443 with a development certificate\n"), "{out}");
}

#[test]
fn a_file_without_add_ons_is_only_warned_about() {
    let (exit, _, err) = Folder::new().check(HOME);
    assert_eq!(exit, Exit::Done);
    assert!(err.contains("warning: no add-on is configured"), "{err}");
}

#[test]
fn what_people_mistype_gets_the_hint_that_fits() {
    let addon = "[[addon]]\nslug = \"a\"\nupstream = \"http://127.0.0.1:1\"\npath = \"/a\"\n";
    for (text, at, hint) in [
        ("[addon]\nslug = \"a\"\n".to_owned(), "3:1", "double brackets, as in [[addon]]"),
        (format!("{addon}[addon]\nslug = \"b\"\n"), "7:2", "write [[addon]], in double brackets"),
        (format!("{addon}[addon.protect]\npath = \"/x\"\n"), "7:1", "as in [[addon]] or [[addon.protect]]"),
        (format!("{addon}[[addon.protect]]\npath = \"^/x/.*\"\nrequire = \"admin\"\n"), "8:8", "`{*rest}` at the end"),
        (
            format!("{addon}[[addon.protect]]\npath = \"/x\"\nrequire = \"admin\"\n[addon.protect]\npath = \"/y\"\n"),
            "10:8",
            "write [[addon.protect]], in double brackets",
        ),
        ("[log]\nfilter = “info”\n".to_owned(), "4:10", "write straight quotes"),
        ("[listen]\nhttps = [\"127.0.0.1:1\" }\n".to_owned(), "4:24", "a list begins with `[` and ends with `]`"),
        ("[listen]\ncontrol = \"run\n".to_owned(), "4:15", "has no quote at its end"),
        ("[log]\nfilter = \"C:\\Users\"\n".to_owned(), "4:15", "put the text in single quotes"),
        ("[log]\n[session]\n[log]\n".to_owned(), "5:2", "put all keys of the table under one heading"),
        ("[log]\rfilter = \"a\"\n".to_owned(), "3:7", "lines end with LF"),
        ("[log]\0\n".to_owned(), "3:6", "write it anew as UTF-8"),
    ] {
        refused(&format!("{HOME}{text}"), at, &[hint]);
    }
}

#[test]
fn s129_a_secret_that_is_there_twice_is_shown_in_neither_place() {
    let text = format!("{HOME}[[addon]]\nslug = \"a\"\nheaders.X-Key = \"hunter2\"\nheaders.X-Key = \"hunter3\"\n");
    let found = Folder::new().load(text).unwrap_err().to_string();
    assert!(found.contains("duplicate key") && !found.contains("hunter"), "{found}");
}

#[test]
fn the_value_of_a_header_is_not_shown_when_its_line_is_broken() {
    for lines in ["headers.X-Key = \"hunter2", "headers = { X-Key = \"hunter2 }", "[addon.headers]\nX-Key = \"hunter2"]
    {
        let text = format!("{HOME}[[addon]]\nslug = \"a\"\n{lines}\npath = \"/a\"\n");
        let found = Folder::new().load(text).unwrap_err().to_string();
        assert!(found.contains("not TOML") && !found.contains("hunter"), "{found}");
    }
}
