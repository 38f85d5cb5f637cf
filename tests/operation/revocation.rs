//! Certificates that name an OCSP responder or a revocation list: what goes with them in the handshake, what operators are
//! told, and that nothing but what the issuer says of this very certificate counts. The responder and the client that
//! looks at the handshake are OpenSSL's.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration as StdDuration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CustomExtension,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
};
use serde_json::Value;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use vestibule::clock::{Clock, Timestamp};
use vestibule::tls::{Issued, OcspError, OcspResponse};

use crate::support::addon::until_closed;
use crate::support::{Ask, Keep, RawAddon, Vestibule, eventually};

/// An authority in a folder, which has issued one certificate for `p.test`.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

const SERIAL: [u8; 3] = [0x1f, 0x2e, 0x3d];
const NUMBER: &str = "1F2E3D";

impl Authority {
    fn new() -> Self {
        let (folder, key) = (TempDir::new().unwrap(), KeyPair::generate().unwrap());
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).unwrap().pem();
        write(folder.path(), "ca.crt", &pem);
        write(folder.path(), "ca.key", &key.serialize_pem());
        Self { folder, issuer: Issuer::new(params, key), pem }
    }

    /// Issues the certificate that vestibule shows.
    fn issue(&self, sources: impl FnOnce(&mut CertificateParams)) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["p.test".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.serial_number = Some(SERIAL.to_vec().into());
        sources(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        write(self.folder.path(), "chain.pem", &(certificate.pem() + &self.pem));
        write(self.folder.path(), "home.key", &key.serialize_pem());
    }

    /// A certificate by which somebody else may sign, or may not.
    fn delegate(&self, to: &str, usage: ExtendedKeyUsagePurpose) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "delegate");
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        write(self.folder.path(), &format!("{to}.crt"), &certificate.pem());
        write(self.folder.path(), &format!("{to}.key"), &key.serialize_pem());
    }

    /// Starts vestibule with the certificate.
    fn vestibule(&self, ocsp_stapling: Option<bool>) -> Vestibule {
        let place = self.folder.path().display();
        Vestibule::start(|config| {
            let certificate = format!("[{{ chain = \"{place}/chain.pem\", key = \"{place}/home.key\" }}]");
            config.set("tls", "certificates", &certificate);
            if let Some(wanted) = ocsp_stapling {
                config.set("tls", "ocsp_stapling", &wanted.to_string());
            }
            config.set("listen", "public_urls", r#"["https://localhost"]"#);
        })
    }

    /// What `openssl s_client` says of the handshake.
    fn handshake(&self, with: &Vestibule) -> String {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-status", "-servername", "p.test", "-verify_return_error"]);
        client.arg("-CAfile").arg(self.folder.path().join("ca.crt")).arg("-connect").arg(with.https().to_string());
        let output = client.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// An answer of OpenSSL's about the number that is asked for, whose database has the known one alone.
    fn respond(&self, (known, asked): (&str, &str), signer: &str, end: &[&str]) -> Vec<u8> {
        write(self.folder.path(), "index.txt", &index("V", known));
        let mut responder = Command::new("openssl");
        responder.args(["ocsp", "-index", "index.txt", "-CA", "ca.crt", "-issuer", "ca.crt", "-noverify"]);
        responder.args(["-rsigner", &format!("{signer}.crt"), "-rkey", &format!("{signer}.key")]);
        responder.args(["-serial", &format!("0x{asked}"), "-respout", "response.der"]).args(end);
        let output = responder.current_dir(self.folder.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        fs::read(self.folder.path().join("response.der")).unwrap()
    }
}

/// OpenSSL's responder, until it is dropped.
struct Responder(Child);

impl Responder {
    fn start(authority: &Authority, port: u16, state: &str, signer: &str) -> Self {
        write(authority.folder.path(), "index.txt", &index(state, NUMBER));
        let mut responder = Command::new("openssl");
        responder.args(["ocsp", "-index", "index.txt", "-CA", "ca.crt", "-nmin", "60", "-port", &port.to_string()]);
        responder.args(["-rsigner", &format!("{signer}.crt"), "-rkey", &format!("{signer}.key")]);
        let log = authority.folder.path().join("responder.log");
        let file = fs::File::create(&log).unwrap();
        responder.stdout(file.try_clone().unwrap()).stderr(file).current_dir(authority.folder.path());
        let responder = Self(responder.spawn().unwrap());
        // A connection to find out would be the last one: it waits for a request on it for ever.
        eventually("the responder", || fs::read_to_string(&log).unwrap().contains("waiting for").then_some(()));
        responder
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn index(state: &str, serial: &str) -> String {
    let revoked = if state == "R" { "260101000000Z" } else { "" };
    format!("{state}\t491231235959Z\t{revoked}\t{serial}\tunknown\t/CN=p.test\n")
}

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Names a responder (RFC 5280 section 4.2.2.1).
fn responder(port: u16) -> impl Fn(&mut CertificateParams) {
    move |params| {
        let url = format!("http://127.0.0.1:{port}/");
        let length = |bytes: usize| u8::try_from(bytes).unwrap();
        let mut value = vec![0x30, length(url.len() + 14), 0x30, length(url.len() + 12), 6, 8];
        value.extend([0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x86, length(url.len())]);
        value.extend(url.bytes());
        let oid = [1, 3, 6, 1, 5, 5, 7, 1, 1];
        params.custom_extensions.push(CustomExtension::from_oid_content(&oid, value));
    }
}

/// `status_request` (RFC 7633).
fn must_staple(params: &mut CertificateParams) {
    let oid = [1, 3, 6, 1, 5, 5, 7, 1, 24];
    params.custom_extensions.push(CustomExtension::from_oid_content(&oid, vec![0x30, 3, 2, 1, 5]));
}

/// Names revocation lists (RFC 5280 section 4.2.1.13).
fn lists(urls: &[&str]) -> impl Fn(&mut CertificateParams) {
    let points: Vec<_> = urls.iter().map(|url| CrlDistributionPoint { uris: vec![(*url).to_owned()] }).collect();
    move |params| params.crl_distribution_points.clone_from(&points)
}

/// A list of an authority's with one number on it, which counts for so many hours from now on.
fn list(of: &Authority, serial: &[u8], end: i64) -> Vec<u8> {
    let now = OffsetDateTime::now_utc();
    let revoked = RevokedCertParams {
        serial_number: serial.to_vec().into(),
        revocation_time: now - Duration::days(2),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: now - Duration::days(1),
        next_update: now + Duration::hours(end),
        crl_number: vec![1].into(),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&of.issuer).unwrap().der().to_vec()
}

fn ocsp(vestibule: &Vestibule) -> Value {
    let said: Value = serde_json::from_str(&vestibule.command_ok(&["certificates", "--json"])).unwrap();
    said["certificates"][0]["ocsp"].clone()
}

fn crl(vestibule: &Vestibule) -> Value {
    let said: Value = serde_json::from_str(&vestibule.command_ok(&["certificates", "--json"])).unwrap();
    assert!(said["certificates"][0]["ocsp"].is_null(), "{said}");
    said["certificates"][0]["crl"].clone()
}

/// The metric.
fn revoked(vestibule: &Vestibule) -> String {
    let text = vestibule.ask_operations(&Ask::get("/metrics")).text();
    text.lines().find_map(|line| line.strip_prefix("vestibule_certificates_revoked ")).unwrap().to_owned()
}

fn doctor(vestibule: &Vestibule) -> String {
    String::from_utf8(vestibule.command(&["doctor"]).stdout).unwrap()
}

/// A peer that answers everything with these bytes.
fn answering(kind: &str, body: &[u8]) -> RawAddon {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    RawAddon::answering([head.as_bytes(), body].concat())
}

const STAPLED: &str = "OCSP Response Status: successful";
const NOT_STAPLED: &str = "OCSP response: no response sent";

#[test]
fn what_the_responder_says_goes_with_the_certificate_and_outlives_a_reload() {
    let (authority, port) = (Authority::new(), free_port());
    authority.delegate("delegate", ExtendedKeyUsagePurpose::OcspSigning);
    authority.issue(responder(port));
    for signer in ["ca", "delegate"] {
        let asked = Responder::start(&authority, port, "V", signer);
        let vestibule = authority.vestibule(None);
        let said = eventually("a response", || Some(ocsp(&vestibule)).filter(|ocsp| ocsp["status"] == "good"));
        assert!(said["until"].as_str().is_some_and(|until| until > "2026"), "{said}");
        assert_eq!(revoked(&vestibule), "0");
        let shown = authority.handshake(&vestibule);
        assert!(shown.contains(STAPLED) && shown.contains("Cert Status: good"), "{signer}: {shown}");
        // Without the responder: what is there goes on.
        drop(asked);
        vestibule.command_ok(&["reload"]);
        assert!(authority.handshake(&vestibule).contains(STAPLED));
        let line = vestibule.command_ok(&["certificates"]);
        assert!(line.contains(" ocsp=good ocsp_until=2"), "{line}");
    }
}

#[test]
fn a_revoked_certificate_is_told_of_and_its_response_is_not_shown() {
    let (authority, port) = (Authority::new(), free_port());
    authority.issue(responder(port));
    let _responder = Responder::start(&authority, port, "R", "ca");
    let vestibule = authority.vestibule(None);
    let line = vestibule.await_line(&["ERROR", "the certificate was revoked", "p.test"]);
    assert!(line.contains("2026-01-01T00:00:00.000Z"), "{line}");
    assert_eq!(ocsp(&vestibule)["status"], "revoked");
    eventually("the metric", || (revoked(&vestibule) == "1").then_some(()));
    assert!(authority.handshake(&vestibule).contains(NOT_STAPLED));
    let said = doctor(&vestibule);
    assert!(said.contains("its OCSP responder") && said.contains("says that it was revoked on 2026-01-01"), "{said}");
}

#[test]
fn nothing_is_shown_but_what_the_issuer_says_of_this_certificate_at_this_time() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    authority.delegate("other", ExtendedKeyUsagePurpose::ServerAuth);
    stranger.delegate("stranger", ExtendedKeyUsagePurpose::OcspSigning);
    for end in ["crt", "key"] {
        let name = format!("stranger.{end}");
        fs::copy(stranger.folder.path().join(&name), authority.folder.path().join(name)).unwrap();
    }
    let (both, day) = ((NUMBER, NUMBER), ["-ndays", "1"]);
    let good = authority.respond(both, "ca", &day);
    // Without certificates behind it: then its last byte is the signature's.
    let mut changed = authority.respond(both, "ca", &["-ndays", "1", "-resp_no_certs"]);
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let cases = [
        ("the response is about another certificate", authority.respond(("1F2E3E", "1F2E3E"), "ca", &day)),
        ("the responder does not know the certificate", authority.respond(("1F2E3E", NUMBER), "ca", &day)),
        ("the response is not signed by the issuer", authority.respond(both, "other", &day)),
        ("the response is not signed by the issuer", authority.respond(both, "stranger", &day)),
        ("the response is not signed by the issuer", changed),
        ("the response does not say until when it counts", authority.respond(both, "ca", &[])),
        ("this is no OCSP response", good[..good.len() / 2].to_vec()),
        ("the responder refuses: try later", vec![0x30, 3, 0x0a, 1, 3]),
        ("an answer that is too large or broke off", vec![0; 65 * 1024]),
    ];
    for (why, answer) in cases {
        let peer = answering("application/ocsp-response", &answer);
        authority.issue(responder(peer.address().port()));
        let vestibule = authority.vestibule(None);
        let said = eventually("an error", || ocsp(&vestibule)["error"].as_str().map(str::to_owned));
        assert!(said.contains(why), "{said} instead of {why}");
        assert_eq!(ocsp(&vestibule)["status"], "unknown");
        assert!(authority.handshake(&vestibule).contains(NOT_STAPLED), "{why}");
        let asked = peer.requests().remove(0);
        assert_eq!(asked.line, "POST / HTTP/1.1");
    }
    // That all of these fail of what they are, and not of how they come.
    let peer = answering("application/ocsp-response", &good);
    authority.issue(responder(peer.address().port()));
    let vestibule = authority.vestibule(None);
    eventually("a response", || Some(ocsp(&vestibule)).filter(|ocsp| ocsp["status"] == "good"));
}

#[test]
fn a_response_counts_for_its_time_alone() {
    let authority = Authority::new();
    authority.issue(responder(9));
    let issued = Issued::read(&authority.folder.path().join("chain.pem")).unwrap();
    let answer = authority.respond((NUMBER, NUMBER), "ca", &["-ndays", "1"]);
    let response = OcspResponse::judge(&answer, &issued, Clock::System.now()).unwrap();
    let (from, to, moment) = (response.this_update, response.next_update, StdDuration::from_millis(1));
    let judged = |now: Timestamp| OcspResponse::judge(&answer, &issued, now);
    let just_before = |at: Timestamp| Timestamp::from_millis(at.as_millis() - 1);
    judged(just_before(to)).unwrap();
    assert_eq!(judged(to), Err(OcspError::Outdated { from, to }));
    // Clocks may differ by five minutes.
    let early = Timestamp::from_millis(from.as_millis() - 300_000);
    judged(early).unwrap();
    assert_eq!(judged(just_before(early)), Err(OcspError::Outdated { from, to }));
    assert_eq!(judged(to.saturating_add(moment)), Err(OcspError::Outdated { from, to }));
}

#[test]
fn a_responder_that_never_answers_keeps_no_handshake_waiting() {
    let authority = Authority::new();
    let silent = RawAddon::scripted(|_, wire| {
        let _gone = until_closed(wire);
        Keep::Closed
    });
    authority.issue(responder(silent.address().port()));
    let vestibule = authority.vestibule(None);
    eventually("the question", || silent.requests().pop());
    assert!(authority.handshake(&vestibule).contains(NOT_STAPLED));
    vestibule.command_ok(&["reload"]);
    assert!(authority.handshake(&vestibule).contains(NOT_STAPLED));
}

#[test]
fn with_stapling_off_nobody_is_asked_and_a_reload_takes_the_response_away() {
    let (authority, port) = (Authority::new(), free_port());
    authority.issue(responder(port));
    let _responder = Responder::start(&authority, port, "V", "ca");
    let mut vestibule = authority.vestibule(None);
    eventually("a response", || authority.handshake(&vestibule).contains(STAPLED).then_some(()));
    vestibule.reconfigure(|config| {
        config.set("tls", "ocsp_stapling", "false");
    });
    vestibule.command_ok(&["reload"]);
    eventually("no response", || authority.handshake(&vestibule).contains(NOT_STAPLED).then_some(()));
    assert!(ocsp(&vestibule).is_null());

    let peer = RawAddon::start();
    authority.issue(responder(peer.address().port()));
    let vestibule = authority.vestibule(Some(false));
    assert!(authority.handshake(&vestibule).contains(NOT_STAPLED));
    // The process has gone through all of its start: what it would ask, it would have asked.
    vestibule.command_ok(&["reload"]);
    assert_eq!(vestibule.ask_operations(&Ask::get("/readyz")).status, 200);
    assert!(peer.requests().is_empty());
}

#[test]
fn a_certificate_that_must_be_stapled_and_will_not_be_is_a_warning() {
    let authority = Authority::new();
    let warned = |vestibule: &Vestibule| {
        let output = vestibule.command(&["check"]);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    authority.issue(must_staple);
    let said = warned(&authority.vestibule(None));
    let told =
        "browsers refuse this certificate without an OCSP response, and there will be none: it names no responder";
    assert!(said.contains(told), "{said}");
    let named = |params: &mut CertificateParams| {
        responder(9)(params);
        must_staple(params);
    };
    authority.issue(named);
    assert!(!warned(&authority.vestibule(None)).contains("without an OCSP response"));
    assert!(
        warned(&authority.vestibule(Some(false))).contains("there will be none: `ocsp_stapling` under [tls] is false")
    );
    // Without its issuer, nobody can be asked about it.
    let chain = authority.folder.path().join("chain.pem");
    let first = fs::read_to_string(&chain).unwrap().replace(&authority.pem, "");
    fs::write(chain, first).unwrap();
    assert!(warned(&authority.vestibule(None)).contains("the chain does not have the certificate that has signed"));
}

#[test]
fn doctor_looks_into_the_revocation_lists() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (list, told) in [
        (list(&authority, &[0x1f, 0x2e, 0x3e], 1), "ok: "),
        (list(&authority, &SERIAL, 1), "says that it was revoked on 20"),
        (list(&authority, &SERIAL, -1), "gives no answer that counts: the list counts from"),
        (list(&stranger, &SERIAL, 1), "gives no answer that counts: the list is not signed by the issuer"),
        (b"-----BEGIN X509 CRL-----".to_vec(), "gives no answer that counts: this is no revocation list"),
    ] {
        let peer = answering("application/pkix-crl", &list);
        let url = format!("http://{}/ca.crl", peer.address());
        authority.issue(lists(&[&url]));
        let said = doctor(&authority.vestibule(None));
        let line = said.lines().find(|line| line.contains(&url)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains(told), "{line} instead of {told}");
        assert_eq!(peer.requests().remove(0).line, "GET /ca.crl HTTP/1.1");
    }
}

#[test]
fn a_certificate_that_is_on_a_list_of_its_issuer_is_told_of_and_its_successor_is_well() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let clean = answering("application/pkix-crl", &list(&authority, &[0x1f, 0x2e, 0x3e], 1));
    let naming = answering("application/pkix-crl", &list(&authority, &SERIAL, 1));
    let strange = answering("application/pkix-crl", &list(&stranger, &SERIAL, 1));
    let at = |peer: &RawAddon| format!("http://{}/ca.crl", peer.address());

    authority.issue(lists(&[&at(&clean), &at(&naming)]));
    let mut vestibule = authority.vestibule(None);
    vestibule.await_line(&["ERROR", "the certificate was revoked", "p.test"]);
    eventually("the metric", || (revoked(&vestibule) == "1").then_some(()));
    assert_eq!(crl(&vestibule)["status"], "revoked");
    let line = vestibule.command_ok(&["certificates"]);
    assert!(line.contains(" crl=revoked crl_until=2"), "{line}");

    // Renewed, with a list that it is not on.
    authority.issue(lists(&[&at(&clean)]));
    vestibule.command_ok(&["reload"]);
    eventually("a good one", || Some(crl(&vestibule)).filter(|crl| crl["status"] == "good"));
    eventually("the metric", || (revoked(&vestibule) == "0").then_some(()));

    // A list of somebody else's says nothing, and one that cannot be read leaves it open.
    authority.issue(lists(&[&at(&clean), &at(&strange)]));
    vestibule.command_ok(&["reload"]);
    let said = eventually("an error", || Some(crl(&vestibule)).filter(|crl| crl["error"].is_string()));
    assert!(said["error"].as_str().unwrap().contains("not signed by the issuer"), "{said}");
    assert_eq!((&said["status"], revoked(&vestibule).as_str()), (&Value::from("unknown"), "0"));

    // Nobody is asked any more, and nothing is known.
    vestibule.reconfigure(|config| {
        config.set("tls", "ocsp_stapling", "false");
    });
    vestibule.command_ok(&["reload"]);
    eventually("nothing", || crl(&vestibule).is_null().then_some(()));
}
