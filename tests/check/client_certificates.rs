//! `client_ca` and what belongs to it: files that judge nobody are mistakes and never "nobody is asked" (S-42).

use rcgen::date_time_ymd;
use vestibule::config::{AlternativeName, CertificateMatch, CertificateRole, Demand, Issuers};

use crate::client_authority::ClientAuthority;
use crate::harness::{Folder, addon, refused_in, warned_in};

/// With an authority, its list, and another authority.
fn folder() -> Folder {
    let (folder, authority) = (Folder::new(), ClientAuthority::new("Home"));
    folder.write("ca.crt", authority.pem());
    folder.write("ca.crl", authority.list(&[], date_time_ymd(2099, 1, 1)));
    let other = ClientAuthority::new("Other");
    folder.write("other.crt", other.pem());
    folder.write("other.crl", other.list(&[], date_time_ymd(2099, 1, 1)));
    folder
}

fn tls(lines: &str) -> String {
    addon(&format!("[tls]\n{lines}"))
}

#[test]
fn s42_an_authority_that_cannot_be_used_is_a_mistake_at_its_line() {
    let folder = folder();
    let server = rcgen::generate_simple_self_signed(vec!["home.example".to_owned()]).unwrap().cert;
    folder.write("empty.crt", "");
    folder.write("nonsense.crt", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
    folder.write("server.crt", server.pem());
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    folder.write("key.pem", key);
    for (file, told) in [
        ("nowhere.crt", "cannot be read: No such file"),
        ("empty.crt", "no certificate of an authority"),
        ("key.pem", "no certificate of an authority"),
        ("nonsense.crt", "are not PEM"),
        ("server.crt", "may not sign others: it is no authority"),
    ] {
        refused_in(&folder, &tls(&format!("client_ca = \"{file}\"")), "8:13", &[told]);
        let host = format!("client_auth = [{{ host = \"a.home\", ca = \"{file}\" }}]");
        refused_in(&folder, &tls(&host), "8:40", &[told]);
    }
}

#[test]
fn a_list_that_lets_nobody_in_is_told() {
    let folder = folder();
    let list = |file: &str| tls(&format!("client_ca = \"ca.crt\"\nclient_crl = \"{file}\""));
    assert!(folder.load(list("ca.crl")).is_ok());
    refused_in(&folder, &list("other.crl"), "9:14", &["no revocation list is of \"Home\"", "-----BEGIN X509 CRL-----"]);
    refused_in(&folder, &list("ca.crt"), "9:14", &["no revocation list in it"]);
    refused_in(&folder, &list("nowhere.crl"), "9:14", &["cannot be read"]);
    refused_in(&folder, &tls("client_crl = \"ca.crl\""), "8:14", &["`client_crl` without `client_ca`"]);
    let authority = ClientAuthority::new("Old");
    folder.write("old.crt", authority.pem());
    folder.write("old.crl", authority.list(&[], date_time_ymd(2026, 2, 1)));
    let old = tls("client_ca = \"old.crt\"\nclient_crl = \"old.crl\"");
    warned_in(
        &folder,
        &old,
        "9:14",
        &["out of date since 2026-02-01", "every certificate of its authority is refused"],
    );
    let both = std::fs::read_to_string(folder.path("ca.crl")).unwrap()
        + &std::fs::read_to_string(folder.path("other.crl")).unwrap();
    folder.write("both.crl", both);
    warned_in(&folder, &list("both.crl"), "9:14", &["of none of the authorities: an intermediate's?"]);
}

#[test]
fn an_authority_that_has_expired_is_told() {
    let folder = folder();
    folder.write("ended.crt", ClientAuthority::until("Ended", date_time_ymd(2026, 1, 1)).pem());
    warned_in(&folder, &tls("client_ca = \"ended.crt\""), "8:13", &["the authority \"Ended\" expired at 2026-01-01"]);
}

#[test]
fn a_host_needs_an_authority_and_has_one_rule() {
    let folder = folder();
    let rules = |rules: &str| tls(&format!("client_auth = [{rules}]"));
    refused_in(&folder, &rules("{ host = \"a.home\" }"), "8:16", &["no authority for this host", "`client_ca`"]);
    refused_in(&folder, &rules("{ ca = \"ca.crt\" }"), "8:16", &["`host` is missing"]);
    refused_in(&folder, &rules("{ host = \"10.0.0.1\", ca = \"ca.crt\" }"), "8:25", &["an IP address"]);
    refused_in(&folder, &rules("{ host = \"*.home\", ca = \"ca.crt\" }"), "8:25", &["wildcard"]);
    let list = "{ host = \"a.home\", crl = \"ca.crl\" }";
    refused_in(&folder, &rules(list), "8:41", &["`crl` without `ca`"]);
    let twice = "{ host = \"a.home\", ca = \"ca.crt\" }, { host = \"A.home\", ca = \"ca.crt\" }";
    refused_in(&folder, &rules(twice), "8:52", &["`a.home` is there twice"]);
    let text = tls(
        "client_ca = \"ca.crt\"\nclient_auth = [{ host = \"a.home\" }, { host = \"b.home\", ca = \"other.crt\", required = false }]",
    );
    let settings = folder.load(text).unwrap().settings.client_auth.unwrap();
    let rules: Vec<_> = settings.hosts.iter().map(|host| (host.host.as_str(), host.issuers, host.demand)).collect();
    assert_eq!(rules, [("a.home", Issuers::Shared, Demand::Required), ("b.home", Issuers::Own, Demand::Optional)]);
}

#[test]
fn an_entry_names_one_certificate_and_a_user_who_is_known() {
    let folder = folder();
    let entry = |entry: &str| tls(&format!("client_ca = \"ca.crt\"\nclient_certificate = [{{ {entry} }}]"));
    let one = "one of `fingerprint`, `common_name` and `san` has to be there";
    refused_in(&folder, &entry("user = \"frank\""), "9:23", &[one]);
    refused_in(&folder, &entry("common_name = \"a\", san = \"dns:a\", user = \"frank\""), "9:23", &[one]);
    refused_in(&folder, &entry("common_name = \"a\""), "9:23", &["`user` is missing"]);
    refused_in(&folder, &entry("fingerprint = \"ab\", user = \"frank\""), "9:39", &["64 hexadecimal digits"]);
    refused_in(&folder, &entry("common_name = \"a\\u0000b\", user = \"frank\""), "9:39", &["not a common name"]);
    refused_in(&folder, &entry("san = \"frank\", user = \"frank\""), "9:31", &["expected \"email:\""]);
    warned_in(&folder, &entry("common_name = \"a\", user = \"fronk\""), "9:51", &["no user `fronk`", "did you mean"]);
    let twice = "common_name = \"a\", user = \"frank\" }, { common_name = \"a\", user = \"alice\"";
    refused_in(&folder, &entry(twice), "9:62", &["this certificate is there already", "first here"]);
    let names = "client_auth = [{ host = \"a.home\", ca = \"ca.crt\" }]\nclient_certificate = [{ common_name = \"a\", user = \"frank\" }]";
    refused_in(&folder, &tls(names), "9:39", &["counts in certificates of `client_ca` alone", "fingerprint"]);
    let nobody = "client_certificate = [{ common_name = \"a\", user = \"frank\" }]";
    let (_, _, said) = folder.check(tls(nobody));
    assert!(said.contains("no client certificate is asked for, so that this is for nothing"), "{said}");
}

#[test]
fn what_an_entry_says_is_taken_as_it_stands() {
    let folder = folder();
    let text = tls(
        "client_ca = \"ca.crt\"\nclient_certificate = [{ common_name = \"Kitchen tablet\", user = \"frank\", sign_in = true }, \
         { san = \"DNS:Tablet.home\", user = \"alice\" }]",
    );
    let settings = folder.load(text).unwrap().settings.client_auth.unwrap();
    let [tablet, alice] = &settings.users[..] else { panic!("two entries") };
    let common_name = CertificateMatch::CommonName("Kitchen tablet".to_owned());
    assert_eq!((&tablet.matches, tablet.user.as_str(), tablet.role), (&common_name, "frank", CertificateRole::SignIn));
    let san = CertificateMatch::AlternativeName(AlternativeName::Dns("tablet.home".to_owned()));
    assert_eq!((&alice.matches, alice.role), (&san, CertificateRole::SecondFactor));
}
