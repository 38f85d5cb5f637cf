//! Files that are damaged, replaced, of another version or in the wrong place: sessions are served all the same,
//! nothing is deleted, and the operator hears of it.

use std::error::Error;

use redb::{Database, ReadableDatabase, ReadableTableMetadata, TableDefinition};

use super::*;

const SESSIONS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("sessions");

/// A file with one session in it, and its token.
async fn filled(home: &Home) -> SessionToken {
    let (sessions, _) = home.open();
    let (token, _) = sessions.create(of("alice")).await.expect("made");
    drop(sessions);
    drop(database(home));
    token
}

/// Whatever was in the file, a sign-in works afterwards and is on disk.
async fn serves_and_stores(home: &Home, sessions: Arc<Sessions>) {
    let (token, _) = sessions.create(of("frank")).await.expect("made");
    assert!(sessions.look_up(&token).is_some());
    assert!(matches!(sessions.health(), Health::Durable), "{:?}", sessions.health());
    drop(sessions);
    assert!(home.open().0.look_up(&token).is_some());
}

#[tokio::test]
async fn random_bytes_are_moved_aside_and_kept() {
    let home = Home::new();
    fs::create_dir(home.folder.path().join("state")).expect("a folder");
    let noise = noise(1, 100_000);
    fs::write(home.file(), &noise).expect("written");
    let (sessions, notices) = home.open();
    assert!(matches!(&notices[..], [Notice::MovedAside { .. }]), "{notices:?}");
    assert_eq!(fs::read(&home.set_aside()[0]).expect("kept"), noise);
    serves_and_stores(&home, sessions).await;
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_moved_aside_and_kept() {
    for length in [1, 8, 63, 320, 4095, 4096, 4097, 8192, 20_000] {
        let home = Home::new();
        let token = filled(&home).await;
        let whole = fs::read(home.file()).expect("the file");
        fs::write(home.file(), &whole[..length]).expect("cut off");
        let (sessions, notices) = home.open();
        assert!(matches!(&notices[..], [Notice::MovedAside { .. }]), "{length}: {notices:?}");
        assert!(sessions.look_up(&token).is_none());
        assert_eq!(home.set_aside().len(), 1);
        serves_and_stores(&home, sessions).await;
    }
}

#[tokio::test]
async fn an_empty_file_is_used_and_spoken_of() {
    let home = Home::new();
    filled(&home).await;
    fs::write(home.file(), b"").expect("emptied");
    let (sessions, notices) = home.open();
    assert!(matches!(&notices[..], [Notice::Empty { .. }]), "{notices:?}");
    serves_and_stores(&home, sessions).await;
}

#[tokio::test]
async fn bits_that_flip_anywhere_never_stop_us_and_never_lose_a_session_in_silence() {
    let home = Home::new();
    let token = filled(&home).await;
    let whole = fs::read(home.file()).expect("the file");
    let places = noise(7, 2 * 48);
    for (round, pair) in places.chunks(2).enumerate() {
        // The first pages hold all that is in use; half of the flips go there.
        let span = if round % 2 == 0 { 4096 } else { whole.len().min(65_536) };
        let place = (usize::from(pair[0]) * 256 + usize::from(pair[1])) % span;
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (round % 8);
        fs::write(home.file(), &damaged).expect("damaged");
        let (sessions, notices) = home.open();
        let lost = sessions.look_up(&token).is_none();
        assert!(!lost || !notices.is_empty(), "lost in silence: bit {} of byte {place}", round % 8);
        assert!(sessions.len() <= 1, "a session came from nowhere");
        drop(sessions);
        drop(database(&home));
    }
}

#[tokio::test]
async fn a_bit_that_flips_within_an_entry_never_makes_another_session_of_it() {
    let home = Home::new();
    let token = filled(&home).await;
    let whole = fs::read(home.file()).expect("the file");
    let entry = br#"{"v":1,"user":"alice","made_by":"password","created":1795323000000,"last_seen":1795323000000}"#;
    let starts: Vec<usize> = (0..whole.len() - entry.len()).filter(|at| whole[*at..].starts_with(entry)).collect();
    assert!(!starts.is_empty());
    for place in (0..entry.len()).step_by(4) {
        let mut damaged = whole.clone();
        for start in &starts {
            damaged[start + place] ^= 1;
        }
        fs::write(home.file(), &damaged).expect("damaged");
        let (sessions, notices) = home.open();
        assert!(sessions.look_up(&token).is_none(), "byte {place} of the entry");
        assert!(!notices.is_empty(), "lost in silence: byte {place} of the entry");
        drop(sessions);
        drop(database(&home));
    }
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_kept_and_not_trusted() {
    let home = Home::new();
    let (token, other) = (filled(&home).await, SessionToken::random());
    let newer = br#"{"v":2,"user":"zoe","scope":"nothing"}"#;
    put(&home, &[(key(&other), newer), ([0x11; 32], b"\x00garbage")]);
    let (sessions, notices) = home.open();
    assert!(matches!(&notices[..], [Notice::NotUnderstood { count: 2 }]), "{notices:?}");
    assert!(sessions.look_up(&other).is_none(), "never trusted");
    assert!(sessions.look_up(&token).is_some(), "the others are");
    sessions.create(of("frank")).await.expect("made");
    drop(sessions);
    assert_eq!(count(&home), 4, "kept");

    let (sessions, _) = home.open();
    sessions.revoke_user(&"zoe".parse().expect("an id")).await.expect("revoked");
    drop(sessions);
    assert_eq!(count(&home), 2, "revoking zoe takes hers, and the one whose owner nobody knows");

    put(&home, &[(key(&other), newer)]);
    let (sessions, _) = home.open();
    sessions.revoke(other.digest().id()).await.expect("revoked by its name");
    sessions.revoke_all().await.expect("revoked");
    drop(sessions);
    assert_eq!(count(&home), 0);
}

#[tokio::test]
async fn a_file_that_somebody_removes_is_written_again_whole() {
    let home = Home::new();
    let (sessions, _) = home.open();
    let (first, _) = sessions.create(of("alice")).await.expect("made");
    fs::remove_file(home.file()).expect("removed");
    let (second, _) = sessions.create(of("frank")).await.expect("made");
    assert!(matches!(sessions.health(), Health::Durable));
    drop(sessions);
    let (sessions, _) = home.open();
    assert!(sessions.look_up(&first).is_some() && sessions.look_up(&second).is_some());
}

#[tokio::test]
async fn an_old_copy_put_back_while_we_run_revives_nobody() {
    let home = Home::new();
    let token = filled(&home).await;
    let copy = fs::read(home.file()).expect("the file");
    let (sessions, _) = home.open();
    sessions.revoke_all().await.expect("revoked");
    let aside = home.folder.path().join("copy");
    fs::write(&aside, copy).expect("written");
    fs::rename(aside, home.file()).expect("put back");
    let (frank, _) = sessions.create(of("frank")).await.expect("made");
    drop(sessions);
    let (sessions, _) = home.open();
    assert!(sessions.look_up(&token).is_none());
    assert!(sessions.look_up(&frank).is_some());
}

#[tokio::test]
async fn where_no_file_can_be_made_sessions_live_in_memory_until_one_can() {
    let home = Home::new();
    let state = home.folder.path().join("state");
    fs::write(&state, b"a file where the folder should be").expect("written");
    let (sessions, notices) = home.open();
    let [Notice::MemoryOnly { why }] = &notices[..] else { panic!("{notices:?}") };
    assert!(why.source().is_some(), "it says what failed");
    let (token, _) = sessions.create(of("alice")).await.expect("made");
    assert!(sessions.look_up(&token).is_some());
    assert!(matches!(sessions.health(), Health::Degraded { since: START, .. }));

    let (gone, session) = sessions.create(of("frank")).await.expect("made");
    let refused = sessions.sign_out(&session).await;
    assert!(matches!(refused, Err(RevokeError::NotOnDisk { .. })), "{refused:?}");
    assert!(sessions.look_up(&gone).is_none(), "it holds in memory");
    let again = sessions.revoke_all().await;
    assert!(matches!(again, Err(RevokeError::NotOnDisk { .. })), "still not on disk: {again:?}");

    let (token, _) = sessions.create(of("alice")).await.expect("made");
    fs::remove_file(&state).expect("removed");
    until("it is stored without anybody asking", || matches!(sessions.health(), Health::Durable)).await;
    drop(sessions);
    let (sessions, _) = home.open();
    assert!(sessions.look_up(&token).is_some());
    assert_eq!(sessions.len(), 1, "the revoked ones are not there");
}

#[tokio::test]
async fn a_second_proxy_on_the_same_file_does_not_start() {
    let home = Home::new();
    let (first, _) = home.open();
    let (token, _) = first.create(of("alice")).await.expect("made");
    let second = Sessions::open(&settings(SessionStore::File(home.file())), home.clock.clone());
    let error = second.expect_err("two proxies would undo each other's revocations");
    assert_eq!(error.source().expect("why").to_string(), "another process has the session file open");
    assert!(first.look_up(&token).is_some());
    assert!(home.set_aside().is_empty(), "the file stays where it is");
}

fn key(token: &SessionToken) -> [u8; 32] {
    use base64::Engine;
    let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.encode().as_bytes()).expect("base64url");
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &raw).as_ref().try_into().expect("32 bytes")
}

/// The file, once its last writer has let go of it.
fn database(home: &Home) -> Database {
    let begun = Stopwatch::start();
    loop {
        match Database::open(home.file()) {
            Ok(database) => return database,
            Err(error) => begun.assert_within(PATIENCE, &error.to_string()),
        }
        std::thread::yield_now();
    }
}

pub(crate) fn put(home: &Home, entries: &[([u8; 32], &[u8])]) {
    let database = database(home);
    let transaction = database.begin_write().expect("begun");
    {
        let mut table = transaction.open_table(SESSIONS).expect("the table");
        for (key, value) in entries {
            table.insert(key, value).expect("put");
        }
    }
    transaction.commit().expect("committed");
}

fn count(home: &Home) -> u64 {
    let database = database(home);
    let table = database.begin_read().expect("begun").open_table(SESSIONS).expect("the table");
    table.len().expect("counted")
}

/// The same bytes every time, so that a failure can be had again (xorshift64).
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}
