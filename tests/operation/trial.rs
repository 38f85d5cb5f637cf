//! A configuration on trial is taken back unless it is confirmed, whatever happens meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::{Ask, PATIENCE, Protocol, RawAddon, Vestibule, eventually};

/// A vestibule with the add-on `a`, and a second add-on for the configuration on trial.
struct World {
    vestibule: Vestibule,
    /// The text that is confirmed.
    confirmed: String,
    /// Another one, with the add-on `b` in the place of `a`.
    other: String,
    _addons: [RawAddon; 2],
}

impl World {
    fn start() -> Self {
        let addons = [RawAddon::start(), RawAddon::start()];
        let vestibule = Vestibule::start(|config| {
            config.set("session", "store", "\"sessions.redb\"").addon("a", &addons[0]);
        });
        let confirmed = fs::read_to_string(vestibule.path("config.toml")).unwrap();
        let url = (addons[0].url(), addons[1].url());
        let other = confirmed.replace("/ingress/a", "/ingress/b").replace("\"a\"", "\"b\"").replace(&url.0, &url.1);
        Self { vestibule, confirmed, other, _addons: addons }
    }

    fn serves(&self, slug: &str) -> bool {
        let cookie = self.vestibule.cookie("bob");
        self.vestibule.ask(Protocol::H1, &Ask::get(&format!("/ingress/{slug}/")).cookie(cookie)).status == 200
    }

    fn await_serves(&self, slug: &str) {
        eventually(&format!("{slug} is served"), || self.serves(slug).then_some(()));
    }

    fn state(&self) -> String {
        let answer = self.vestibule.ask_operations(&Ask::get("/readyz"));
        answer.json()["configuration"].as_str().unwrap().to_owned()
    }

    fn failed(&self, arguments: &[&str]) -> String {
        let output = self.vestibule.command(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[test]
fn what_nobody_confirms_is_taken_back_and_is_not_read_again_until_it_changes() {
    let mut world = World::start();
    let said = world.vestibule.command(&["reload", "--trial", "3s"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("on trial until 20"), "{said:?}");
    world.vestibule.write_config(&world.other);
    world.await_serves("b");
    assert_eq!(world.state(), "on_trial");
    assert!(world.vestibule.command_ok(&["status"]).contains("(on_trial: taken back at 20"));
    world.await_serves("a");
    eventually("the state", || (world.state() == "taken_back").then_some(()));
    assert!(!world.serves("b"));
    assert!(world.vestibule.command_ok(&["status"]).contains("(taken_back: the file was not confirmed in time"));
    world.vestibule.await_line(&["ERROR", "event=trial", "result=taken_back"]);
    let metrics = world.vestibule.ask_operations(&Ask::get("/metrics")).text();
    assert!(metrics.contains("vestibule_configuration_state 2\n"), "{metrics}");
    // Neither a signal, nor a command, nor the same text once more, nor a restart takes the file up.
    world.vestibule.signal("HUP");
    world.vestibule.command_ok(&["reload"]);
    world.vestibule.write_config(&world.other);
    let reloads = |world: &World| world.vestibule.stderr().matches("configuration reloaded").count();
    let before = reloads(&world);
    eventually("the file was looked at", || (reloads(&world) > before).then_some(()));
    assert!(world.serves("a") && !world.serves("b"));
    world.vestibule.kill_9();
    world.vestibule.serve_with(&["--trial", "5m"]);
    world.vestibule.start_again();
    assert!(world.serves("a") && !world.serves("b"), "a unit with --trial does not try it anew");
    world.vestibule.await_line(&["ERROR", "taken back: the file was not confirmed in time"]);
    assert_eq!(world.state(), "taken_back");
    // Another text is taken up, and is confirmed by that.
    world.vestibule.write_config(&format!("{}\n# looked at\n", world.other));
    world.await_serves("b");
    eventually("the state", || (world.state() == "confirmed").then_some(()));
}

#[test]
fn what_is_confirmed_stays_over_the_end_of_its_time_and_a_restart() {
    let mut world = World::start();
    world.vestibule.write_config(&world.other);
    world.vestibule.command_ok(&["reload"]);
    world.vestibule.write_config(&world.confirmed);
    let begun = Instant::now();
    world.vestibule.command_ok(&["reload", "--trial", "3s"]);
    assert!(world.serves("a"), "the command reads the file at once");
    assert_eq!(world.vestibule.command_ok(&["reload", "--confirm"]), "confirmed\n");
    assert_eq!(world.state(), "confirmed");
    assert!(world.failed(&["reload", "--confirm"]).contains("nothing is on trial"));
    assert!(world.failed(&["reload", "--take-back"]).contains("nothing is on trial"));
    eventually("the end of its time", || (begun.elapsed() > Duration::from_secs(4)).then_some(()));
    assert!(world.serves("a"));
    world.vestibule.kill_9();
    world.vestibule.start_again();
    assert!(world.serves("a"));
    assert_eq!(world.state(), "confirmed");
}

#[test]
fn it_is_taken_back_by_command_and_tried_again_by_command() {
    let world = World::start();
    world.vestibule.write_config(&world.other);
    world.vestibule.command_ok(&["reload"]);
    world.vestibule.write_config(&world.confirmed);
    world.vestibule.command_ok(&["reload", "--trial", "1h"]);
    world.vestibule.command_ok(&["reload", "--take-back"]);
    assert!(world.serves("b"));
    assert_eq!(world.state(), "taken_back");
    world.vestibule.command_ok(&["reload", "--trial", "1h"]);
    assert!(world.serves("a"), "a trial is the one way to try the same text again");
    world.vestibule.command_ok(&["reload", "--confirm"]);
    assert!(world.serves("a"));
}

#[test]
fn a_restart_within_the_trial_goes_on_with_it_and_one_after_it_goes_back() {
    let mut world = World::start();
    world.vestibule.command_ok(&["reload", "--trial", "4s"]);
    let begun = Instant::now();
    world.vestibule.write_config(&world.other);
    world.await_serves("b");
    world.vestibule.kill_9();
    world.vestibule.serve_with(&["--trial", "1h"]);
    world.vestibule.start_again();
    if begun.elapsed() < Duration::from_secs(3) {
        assert!(world.serves("b"));
    }
    world.await_serves("a");
    assert!(begun.elapsed() < PATIENCE, "its time is that of the first start");
    // Over while nothing runs.
    world.vestibule.write_config(&world.confirmed);
    world.vestibule.command_ok(&["reload"]);
    world.vestibule.command_ok(&["reload", "--trial", "2s"]);
    let begun = Instant::now();
    world.vestibule.kill_9();
    world.vestibule.write_config(&world.other);
    eventually("the end of its time", || (begun.elapsed() > Duration::from_secs(2)).then_some(()));
    world.vestibule.serve_with(&[]);
    world.vestibule.start_again();
    assert!(world.serves("a") && !world.serves("b"));
    assert_eq!(world.state(), "taken_back");
}

#[test]
fn a_start_on_trial_needs_a_way_back_and_takes_it() {
    let mut world = World::start();
    world.vestibule.kill_9();
    world.vestibule.write_config(&world.other);
    world.vestibule.serve_with(&["--trial", "3s"]);
    world.vestibule.start_again();
    assert!(world.serves("b"));
    assert_eq!(world.state(), "on_trial");
    world.await_serves("a");
    // A configuration that cannot be started with is over at once: its port is taken.
    world.vestibule.kill_9();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("https = [\"{}\"]", taken.local_addr().unwrap());
    world.vestibule.write_config(&world.other.replace("https = [\"127.0.0.1:0\"]", &taken));
    world.vestibule.serve_with(&["--trial", "1h"]);
    world.vestibule.spawn_again();
    assert!(!world.vestibule.await_end(PATIENCE).success());
    world.vestibule.start_again();
    assert!(world.serves("a"), "the service manager starts it again, with the same arguments");
    // What is kept has mode 0600, and one that was changed by another hand is not served.
    let kept = world.vestibule.path("state/confirmed.toml");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    world.vestibule.kill_9();
    fs::write(&kept, format!("{}\n", world.confirmed)).unwrap();
    world.vestibule.spawn_again();
    assert!(!world.vestibule.await_end(PATIENCE).success());
    assert!(world.vestibule.stderr().contains("was changed since it was confirmed"), "{}", world.vestibule.stderr());
    // Without anything kept there is no trial.
    fs::remove_dir_all(world.vestibule.path("state")).unwrap();
    world.vestibule.spawn_again();
    assert!(!world.vestibule.await_end(PATIENCE).success());
    assert!(world.vestibule.stderr().contains("there is nothing to go back to"), "{}", world.vestibule.stderr());
}

#[test]
fn mistakes_and_other_folders_are_not_put_on_trial() {
    let world = World::start();
    world.vestibule.command_ok(&["reload", "--trial", "1h"]);
    let elsewhere = format!("state_dir = \"elsewhere\"\n{}", world.other);
    world.vestibule.write_config(&elsewhere);
    assert!(world.failed(&["reload"]).contains("`state_dir` cannot change while"));
    assert!(world.failed(&["reload", "--confirm"]).contains("the file is not what is served"));
    world.vestibule.write_config(&world.other.replace("vestibule.sock", "other.sock"));
    world.vestibule.await_line(&["`listen.control` cannot change while"]);
    world.vestibule.write_config(&format!("{}\nnonsense = 1\n", world.other));
    assert!(world.failed(&["reload", "--trial", "1h"]).contains("nonsense"));
    assert_eq!(world.state(), "on_trial", "the one before goes on");
    assert!(world.serves("a"));
    for bad in ["0s", "25h", "5", "soon"] {
        assert!(world.failed(&["reload", "--trial", bad]).contains("expected a time from 1s to 24h"));
    }
}

#[test]
fn a_restart_does_not_forget_a_trial_whose_file_names_another_folder() {
    let mut world = World::start();
    world.vestibule.command_ok(&["reload", "--trial", "1h"]);
    let elsewhere = format!("state_dir = \"elsewhere\"\n{}", world.other);
    world.vestibule.write_config(&elsewhere);
    assert!(world.failed(&["reload"]).contains("`state_dir` cannot change while"));
    for _ in 0..2 {
        world.vestibule.kill_9();
        world.vestibule.start_again();
        assert!(world.serves("a") && !world.serves("b"), "nobody has confirmed it");
        assert_eq!(world.state(), "taken_back");
    }
    // It is no trial any more: another text is what the operator wants.
    world.vestibule.write_config(&format!("{elsewhere}\n# once more\n"));
    world.await_serves("b");
    assert_eq!(world.state(), "confirmed");
    world.vestibule.kill_9();
    world.vestibule.start_again();
    assert!(world.serves("b"), "the note of a trial that is over keeps nobody");
}

#[test]
fn a_way_back_that_does_not_hold_any_more_is_said_loudly_and_taken_when_it_holds_again() {
    let mut world = World::start();
    let of_file = |name: &str| world.vestibule.path(name);
    for end in ["crt", "key"] {
        fs::copy(of_file(&format!("p.test.{end}")), of_file(&format!("q.test.{end}"))).unwrap();
    }
    world.vestibule.command_ok(&["reload", "--trial", "2s"]);
    world.vestibule.write_config(&world.other.replace("p.test.", "q.test."));
    world.await_serves("b");
    fs::rename(of_file("p.test.key"), of_file("hidden")).unwrap();
    eventually("the state", || (world.state() == "stuck").then_some(()));
    assert!(world.serves("b"), "serving goes on");
    let status = world.vestibule.command_ok(&["status"]);
    assert!(status.contains("(stuck: the file was not confirmed in time and is still served"), "{status}");
    // A restart serves neither: its time is over, and the other one does not hold.
    world.vestibule.kill_9();
    world.vestibule.spawn_again();
    assert_eq!(world.vestibule.await_end(PATIENCE).code(), Some(2));
    assert!(world.vestibule.stderr().contains("confirmed.toml:"), "{}", world.vestibule.stderr());
    fs::rename(world.vestibule.path("hidden"), world.vestibule.path("p.test.key")).unwrap();
    world.vestibule.start_again();
    assert!(world.serves("a"));
    assert_eq!(world.state(), "taken_back");
}

#[test]
fn a_file_that_is_away_when_the_time_is_over_does_not_come_back_as_another_one() {
    let world = World::start();
    world.vestibule.command_ok(&["reload", "--trial", "4s"]);
    world.vestibule.write_config(&world.other);
    world.await_serves("b");
    let (file, away) = (world.vestibule.path("config.toml"), world.vestibule.path("away.toml"));
    fs::rename(&file, &away).unwrap();
    eventually("the end of the trial", || (world.state() == "taken_back").then_some(()));
    fs::rename(&away, &file).unwrap();
    world.vestibule.command_ok(&["reload"]);
    assert!(world.serves("a") && !world.serves("b"), "it is the text that was taken back");
    assert_eq!(world.state(), "taken_back");
}

#[test]
fn a_process_that_ended_while_it_confirmed_starts_with_what_was_confirmed() {
    let mut world = World::start();
    let state = world.vestibule.path("state");
    world.vestibule.command_ok(&["reload", "--trial", "5m"]);
    world.vestibule.write_config(&world.other);
    world.await_serves("b");
    world.vestibule.kill_9();
    // The text is written first, and the record then.
    fs::write(state.join("confirmed.toml"), &world.other).unwrap();
    world.vestibule.start_again();
    assert!(world.serves("b") && !world.serves("a"));
    assert_eq!(world.state(), "confirmed");
}
