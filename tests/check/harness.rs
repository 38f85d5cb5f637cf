//! A folder with a Home Assistant home and a configuration, and what `check` says about it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vestibule::cli::{Exit, Output, check};
use vestibule::config::{
    self, AddressTrouble, ApiTrouble, CertificateTrouble, ClientTrust, CoveredHosts, Diagnostics, HomeApi, Known,
    Loaded, World, WorldError,
};
use vestibule::diagnostic::Styling;
use vestibule::home_assistant::api::ApiError;
use vestibule::permission::{AreaRecord, DeviceRecord, EntityRecord, LabelRecord, Registry, RegistryRecords};

/// The least that a configuration needs. Two lines, so that what a test adds begins on line three.
pub(crate) const HOME: &str = "home_assistant.config_dir = \"home\"\n\n";

/// A folder for one test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// With `home/.storage/auth`, whose content nobody reads here.
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("home/.storage/auth", "{}");
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Loads a configuration of this text.
    pub(crate) fn load(&self, text: impl AsRef<[u8]>) -> Result<Loaded, Diagnostics> {
        config::load(&self.write("config.toml", text), &TestWorld)
    }

    /// Runs `check` on a configuration of this text: how it ends, its result, and what it says beside that.
    pub(crate) fn check(&self, text: impl AsRef<[u8]>) -> (Exit, String, String) {
        let path = self.write("config.toml", text);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = check(&path, &TestWorld, &mut Output::new(&mut out, &mut err, Styling::Plain));
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }
}

/// Home Assistant's groups, two users and a few things; certificates are fine unless their text says `bad`.
struct TestWorld;

impl World for TestWorld {
    fn check_certificate(&self, chain: &Path, _key: &Path) -> Result<Option<CoveredHosts>, CertificateTrouble> {
        let text = fs::read_to_string(chain).unwrap();
        if text.contains("bad") {
            let why = "the key does not belong to the certificate".into();
            return Err(CertificateTrouble { why, hint: "name its own key".to_owned() });
        }
        // `for a.home b.home` covers these two, and of any other text nobody knows.
        let covered = text.strip_prefix("for ").map(str::to_owned);
        Ok(covered.map(|hosts| -> CoveredHosts { Box::new(move |host| hosts.split(' ').any(|it| it == host)) }))
    }

    fn check_authorities(&self, pem: &[u8]) -> Result<(), WorldError> {
        Ok(vestibule::dial::check_authorities(pem)?)
    }

    fn check_client_trust(&self, trust: &ClientTrust) -> Result<Vec<(bool, String)>, (bool, WorldError)> {
        let now = vestibule::clock::Clock::System.now();
        vestibule::tls::check_client_trust(trust, now).map_err(|trouble| (trouble.is_of_list(), trouble.into()))
    }

    /// Port 7 is another program's, and whose port 9 is nobody knows.
    fn check_address(&self, address: SocketAddr, _control: &Path) -> Result<(), AddressTrouble> {
        let is_certain = match address.port() {
            7 => true,
            9 => false,
            _ => return Ok(()),
        };
        Err(AddressTrouble { what: "this port is in use".to_owned(), is_certain, hint: "write another port" })
    }

    /// Below `/sealed` nothing can be made.
    fn check_writable(&self, path: &Path) -> Result<(), WorldError> {
        if path.starts_with("/sealed") { Err("`/sealed` cannot be written to".into()) } else { Ok(()) }
    }

    /// A Home Assistant that answers, unless its name says otherwise.
    fn ask_home_assistant(&self, api: &HomeApi) -> Result<(), ApiTrouble> {
        let error = match &*api.url.host {
            "untrusting.test" => ApiError::Untrusted,
            "slow.test" => ApiError::TimedOut(std::time::Duration::from_secs(10)),
            _ => return Ok(()),
        };
        Err(ApiTrouble { hint: error.hint(), why: error.into() })
    }

    fn known(&self, dir: &Path) -> Option<Result<Known, WorldError>> {
        Some(known(dir))
    }
}

fn known(dir: &Path) -> Result<Known, WorldError> {
    if fs::read_to_string(dir.join(".storage/auth"))?.contains("broken") {
        return Err("line 1: not JSON".into());
    }
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Ok(Known {
        groups: set(&["system-admin", "system-users", "system-read-only", "custom-guests"]),
        users: set(&["frank", "alice", "0123456789abcdef0123456789abcdef"]),
        shown_names: [("Users", "system-users"), ("Frank Guest", "frank")]
            .map(|(shown, id)| (shown.to_owned(), id.to_owned()))
            .to_vec(),
        registry: Some(Arc::new(registry())),
        ..Known::default()
    })
}

/// A door with a lock, a lamp, two areas and a label; and what the configuration that ships names.
fn registry() -> Registry {
    let entity = |id: &str| EntityRecord { entity_id: id.to_owned(), ..EntityRecord::default() };
    let area = |id: &str, name: &str| AreaRecord { id: id.to_owned(), name: name.to_owned(), ..AreaRecord::default() };
    let door = DeviceRecord { id: "d1".to_owned(), name: Some("Front door".to_owned()), ..DeviceRecord::default() };
    let sensor = DeviceRecord { id: "d3b57375f79894e091e98ff220986eaf".to_owned(), ..DeviceRecord::default() };
    let label = |id: &str, name: &str| LabelRecord { label_id: id.to_owned(), name: name.to_owned() };
    Registry::new(RegistryRecords {
        entities: vec![entity("lock.door"), entity("light.kitchen"), entity("lock.basic_lock")],
        devices: vec![door, sensor],
        areas: vec![area("kitchen", "Kitchen"), area("kuche_ost", "Küche Ost")],
        labels: vec![label("private", "Private"), label("security", "Security")],
        ..RegistryRecords::default()
    })
}

/// Expects exactly one mistake, at this line and column, with these words in it, one of them the hint.
#[track_caller]
pub(crate) fn refused(text: &str, at: &str, words: &[&str]) {
    refused_in(&Folder::new(), text, at, words);
}

/// The same in a folder that the test has prepared.
#[track_caller]
pub(crate) fn refused_in(folder: &Folder, text: &str, at: &str, words: &[&str]) {
    let (exit, out, err) = folder.check(text);
    assert_eq!((exit, out.as_str()), (Exit::Mistaken, ""), "{text}");
    assert!(err.contains(": 1 mistake"), "{err}");
    expect(&err, at, words);
}

/// Expects no mistake and exactly one warning.
#[track_caller]
pub(crate) fn warned(text: &str, at: &str, words: &[&str]) {
    warned_in(&Folder::new(), text, at, words);
}

/// The same in a folder that the test has prepared.
#[track_caller]
pub(crate) fn warned_in(folder: &Folder, text: &str, at: &str, words: &[&str]) {
    let (exit, out, err) = folder.check(text);
    assert_eq!(exit, Exit::Done, "{err}");
    assert!(out.ends_with(", 1 warning\n"), "{out}\n{err}");
    expect(&err, at, words);
}

/// Expects neither mistake nor warning.
#[track_caller]
pub(crate) fn accepted(text: &str) -> Loaded {
    let loaded = Folder::new().load(text).unwrap_or_else(|found| panic!("{text}\n{found}"));
    assert_eq!(loaded.warnings.warnings(), 0, "{}", loaded.warnings);
    loaded
}

#[track_caller]
fn expect(shown: &str, at: &str, words: &[&str]) {
    assert!(shown.contains(&format!("config.toml:{at}\n")), "not at {at}:\n{shown}");
    assert!(shown.contains("= hint: "), "no hint:\n{shown}");
    for word in words {
        assert!(shown.contains(word), "no {word:?}:\n{shown}");
    }
}

/// A configuration with one add-on that has these lines besides slug, upstream and path. The first of them is line 7.
pub(crate) fn addon(lines: &str) -> String {
    format!("{HOME}[[addon]]\nslug = \"a\"\nupstream = \"http://127.0.0.1:8080\"\npath = \"/a\"\n{lines}\n")
}
