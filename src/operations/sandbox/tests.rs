//! Each in a process of its own, since nobody gets out of a sandbox again.

use std::collections::BTreeMap;
use std::io;
use std::process::Command;

use socket2::{Domain, Socket, Type};

use super::*;

/// What is tried in the sandbox, and what came of it: run by the tests below, which read its output.
#[test]
#[ignore = "run by other tests, which read its output"]
fn child() {
    let folder = PathBuf::from(std::env::var_os("SANDBOX_TEST_FOLDER").unwrap());
    let kept = folder.join("state");
    let entered = std::env::var_os("SANDBOX_TEST_ENTERS").is_some();
    if entered {
        // Started before it, as a thread that follows add-ons is.
        let (tell, told) = std::sync::mpsc::channel::<()>();
        let before = std::thread::spawn(move || {
            told.recv().unwrap();
            Command::new("/bin/true").status().map(drop)
        });
        leave_no_core().unwrap();
        assert!(files::hold(std::slice::from_ref(&kept)).unwrap(), "this kernel has no Landlock");
        system_calls::hold().unwrap();
        tell.send(()).unwrap();
        report("run a program in an earlier thread", before.join().unwrap());
    }
    report("write where something is kept", std::fs::write(kept.join("x"), "x"));
    report("rename there", std::fs::rename(kept.join("x"), kept.join("y")));
    report("write elsewhere", std::fs::write(folder.join("x"), "x"));
    report("remove elsewhere", std::fs::remove_file(folder.join("old")));
    report("make a folder elsewhere", std::fs::create_dir(folder.join("more")));
    report("read anything", std::fs::read(folder.join("readable")).map(drop));
    report("read /proc", std::fs::read_to_string("/proc/net/tcp").map(drop));
    report("run a program", Command::new("/bin/true").status().map(drop));
    report("look up a name", std::net::ToSocketAddrs::to_socket_addrs(&("localhost", 80)).map(drop));
    report("listen", std::net::TcpListener::bind(("127.0.0.1", 0)).map(drop));
    report("a Unix socket", std::os::unix::net::UnixListener::bind(kept.join("s")).map(drop));
    report("a socket for packets", Socket::new(Domain::PACKET, Type::RAW, None).map(drop));
    report("a thread", std::thread::Builder::new().spawn(|| {}).map(|thread| thread.join().unwrap()));
}

fn report(what: &str, came: io::Result<()>) {
    let came = came.err().map_or("works".to_owned(), |error| format!("{:?}", error.kind()));
    println!("{what}: {came}");
}

/// What the child says of each thing that it tries.
fn tried(enters: bool) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("state")).unwrap();
    for file in ["old", "readable"] {
        std::fs::write(folder.path().join(file), "").unwrap();
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "operations::sandbox::tests::child", "--ignored", "--nocapture"]);
    child.env("SANDBOX_TEST_FOLDER", folder.path());
    if enters {
        child.env("SANDBOX_TEST_ENTERS", "1");
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(what, came)| (what.to_owned(), came.to_owned()))
        .collect()
}

#[test]
fn what_a_proxy_never_does_fails_in_the_sandbox_and_works_outside() {
    let (inside, outside) = (tried(true), tried(false));
    for refused in [
        "write elsewhere",
        "remove elsewhere",
        "make a folder elsewhere",
        "run a program",
        "run a program in an earlier thread",
        "a socket for packets",
    ] {
        assert_eq!(inside.get(refused).map(String::as_str), Some("PermissionDenied"), "{refused}");
    }
    for works in [
        "write where something is kept",
        "rename there",
        "read anything",
        "read /proc",
        "look up a name",
        "listen",
        "a Unix socket",
        "a thread",
    ] {
        assert_eq!(inside.get(works).map(String::as_str), Some("works"), "{works}");
    }
    for otherwise in ["write elsewhere", "remove elsewhere", "make a folder elsewhere", "run a program"] {
        assert_eq!(outside.get(otherwise).map(String::as_str), Some("works"), "{otherwise}");
    }
}
