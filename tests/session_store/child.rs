//! What needs a process of its own: being killed, and running out of disk. The process is this test binary, asked for
//! the one test [`in_a_process_of_its_own`]; it prints what it did, one word and its value a line.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::*;

const ROLE: &str = "SESSION_STORE_TEST_ROLE";
const FILE: &str = "SESSION_STORE_TEST_FILE";

/// A process, killed when dropped.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Runs `role` on `file`. With `blocks`, no file may grow beyond so many units of 512 bytes: a disk that is full,
    /// as far as a process can tell. The signal that comes with it is ignored, so that writing fails as on a full disk.
    fn run(role: &str, file: &Path, blocks: Option<u32>) -> Self {
        let limit = blocks.map_or(String::new(), |blocks| format!("ulimit -S -f {blocks};"));
        let script = format!("trap '' XFSZ; {limit} exec \"$0\" \"$@\"");
        let test = "child::in_a_process_of_its_own";
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .arg(std::env::current_exe().expect("this binary"))
            .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(FILE, file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, lines }
    }

    /// Waits for a line that begins with this word, and takes the rest of it.
    fn said(&mut self, word: &str) -> String {
        let mut heard = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.expect("text");
            if let Some((_, value)) = line.split_once(&format!("{word}=")) {
                return value.to_owned();
            }
            heard.push(line);
        }
        panic!("the process ended without `{word}`: {heard:?}");
    }

    fn token(&mut self, word: &str) -> SessionToken {
        SessionToken::parse(self.said(word).as_bytes()).expect("a token")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: nothing in it runs any more.
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }
}

#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn in_a_process_of_its_own() {
    let role = std::env::var(ROLE).expect("a role");
    let file = PathBuf::from(std::env::var_os(FILE).expect("a file"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async move {
        match role.as_str() {
            "sign in and wait" => sign_in_and_wait(&file).await,
            "fill the disk" => fill_the_disk(&file).await,
            "start on a full disk" => start_on_a_full_disk(&file).await,
            "start anew on a full disk" => start_anew_on_a_full_disk(&file).await,
            other => panic!("no such role: {other}"),
        }
    });
}

async fn sign_in_and_wait(file: &Path) {
    let (sessions, _) = open_file(file, &Clock::System);
    let (revoked, session) = sessions.create(of("frank")).await.expect("made");
    sessions.sign_out(&session).await.expect("signed out");
    let (token, _) = sessions.create(of("alice")).await.expect("made");
    println!("revoked={}", revoked.encode().as_str());
    println!("token={}", token.encode().as_str());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn sessions_and_revocations_survive_kill_9() {
    let home = Home::new();
    let mut process = Process::run("sign in and wait", &home.file(), None);
    let (revoked, token) = (process.token("revoked"), process.token("token"));
    let locked = Sessions::open(&settings(SessionStore::File(home.file())), Clock::System);
    assert!(matches!(locked, Err(OpenError::File { .. })), "another process has it open");
    drop(process);
    let (sessions, notices) = open_file(&home.file(), &Clock::System);
    assert!(notices.is_empty(), "{notices:?}");
    assert!(sessions.look_up(&token).is_some());
    assert!(sessions.look_up(&revoked).is_none());
}

/// Signs users in until the disk is full and some more, revokes one, and waits for room.
async fn fill_the_disk(file: &Path) {
    let (sessions, _) = open_file(file, &Clock::System);
    let about = |number: usize| NewSession { refresh_token: Some("x".repeat(10_000)), ..of(&format!("user{number}")) };
    let (first, on_disk) = sessions.create(about(0)).await.expect("made");
    assert!(matches!(sessions.health(), Health::Durable));
    let mut tokens = Vec::new();
    while matches!(sessions.health(), Health::Durable) {
        tokens.push(sessions.create(about(tokens.len() + 1)).await.expect("made").0);
        assert!(tokens.len() < 10_000, "the disk never fills");
    }
    for _ in 0..3 {
        tokens.push(sessions.create(about(tokens.len() + 1)).await.expect("made").0);
    }
    let refused = sessions.sign_out(&on_disk).await;
    assert!(matches!(refused, Err(RevokeError::NotOnDisk { .. })), "{refused:?}");
    assert!(sessions.look_up(&first).is_none());
    let refused = sessions.revoke("1111111111111111".parse().expect("an id")).await;
    assert!(matches!(refused, Err(RevokeError::NotOnDisk { .. })), "{refused:?}");
    assert!(tokens.iter().all(|token| sessions.look_up(token).is_some()), "everybody is served");
    println!("first={}", first.encode().as_str());
    println!("made={}", tokens.len());
    for token in &tokens {
        println!("token={}", token.encode().as_str());
    }
    make_room();
    until("it is all stored", || matches!(sessions.health(), Health::Durable)).await;
    println!("stored=all");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_full_disk_keeps_nobody_out_and_loses_nothing_once_there_is_room() {
    let home = Home::new();
    drop(home.open());
    damage::put(&home, &[([0x11; 32], b"an entry that is not understood")]);
    let mut process = Process::run("fill the disk", &home.file(), Some(4096));
    let first = process.token("first");
    let made: usize = process.said("made").parse().expect("a number");
    let tokens: Vec<_> = (0..made).map(|_| process.token("token")).collect();
    assert!(made > 3);
    process.said("stored");
    drop(process);
    let (sessions, notices) = open_file(&home.file(), &Clock::System);
    assert!(notices.is_empty(), "what was not understood was revoked as well: {notices:?}");
    assert!(tokens.iter().all(|token| sessions.look_up(token).is_some()));
    assert!(sessions.look_up(&first).is_none(), "it was revoked while the disk was full");
}

/// With a file that is sound and a disk on which nothing can be written.
async fn start_on_a_full_disk(file: &Path) {
    let (sessions, notices) = open_file(file, &Clock::System);
    assert!(matches!(&notices[..], [Notice::MemoryOnly { .. }]), "{notices:?}");
    assert!(matches!(sessions.health(), Health::Degraded { .. }));
    println!("served={}", sessions.len());
    let refused = sessions.revoke_user(&"frank".parse().expect("an id")).await;
    assert!(matches!(refused, Err(RevokeError::NotOnDisk { .. })), "{refused:?}");
    make_room();
    until("it is stored", || matches!(sessions.health(), Health::Durable)).await;
    println!("stored=all");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_sound_file_on_a_full_disk_is_served_and_stays_where_it_is() {
    let home = Home::new();
    let (sessions, _) = open_file(&home.file(), &Clock::System);
    let (alice, _) = sessions.create(of("alice")).await.expect("made");
    let (frank, _) = sessions.create(of("frank")).await.expect("made");
    drop(sessions);
    drop(open_file(&home.file(), &Clock::System));
    let mut process = Process::run("start on a full disk", &home.file(), Some(0));
    assert_eq!(process.said("served"), "2");
    process.said("stored");
    drop(process);
    assert!(home.set_aside().is_empty());
    let (sessions, _) = open_file(&home.file(), &Clock::System);
    assert!(sessions.look_up(&alice).is_some());
    assert!(sessions.look_up(&frank).is_none(), "revoked while the disk was full");
}

/// Without a file, and without room for one.
async fn start_anew_on_a_full_disk(file: &Path) {
    let (sessions, notices) = open_file(file, &Clock::System);
    println!("notices={notices:?}");
    println!("token={}", sessions.create(of("alice")).await.expect("made").0.encode().as_str());
    make_room();
    until("it is stored", || matches!(sessions.health(), Health::Durable)).await;
    println!("stored=all");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_file_that_there_was_no_room_for_is_not_taken_for_a_damaged_one() {
    let home = Home::new();
    let mut process = Process::run("start anew on a full disk", &home.file(), Some(1));
    assert!(process.said("notices").contains("MemoryOnly"));
    let alice = process.token("token");
    process.said("stored");
    drop(process);
    assert!(home.set_aside().is_empty());
    let (sessions, notices) = open_file(&home.file(), &Clock::System);
    assert!(notices.is_empty(), "{notices:?}");
    assert!(sessions.look_up(&alice).is_some());
}

/// Lifts the limit that stands for the disk.
fn make_room() {
    let me = std::process::id().to_string();
    let done = Command::new("prlimit").args(["--pid", &me, "--fsize=unlimited"]).status().expect("prlimit runs");
    assert!(done.success());
}
