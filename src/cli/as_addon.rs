//! `vestibule as-addon`: serve as an add-on on Home Assistant OS.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::thread;

use clap::Args;
use ipnet::Ipv4Net;

use super::output::{Exit, Output};
use super::serve;
use crate::as_addon::{Follower, Options, Places, StartError, Supervisor};
use crate::config::SecretText;
use crate::ids::HomeUrl;
use crate::telemetry::chain;

#[derive(Debug, Args)]
pub(super) struct AsAddon {
    /// What people have chosen on the add-on's page.
    #[arg(long, value_name = "FILE", default_value = "/data/options.json")]
    options: PathBuf,
    /// The folder that is kept: state, and the configuration that is written.
    #[arg(long, value_name = "FOLDER", default_value = "/data")]
    data: PathBuf,
    /// Home Assistant's configuration folder.
    #[arg(long, value_name = "FOLDER", default_value = "/homeassistant")]
    home: PathBuf,
    /// The folder of certificates.
    #[arg(long, value_name = "FOLDER", default_value = "/ssl")]
    ssl: PathBuf,
    /// More of the configuration, taken in where the file exists.
    #[arg(long, value_name = "FILE", default_value = "/config/vestibule.toml")]
    more: PathBuf,
    /// The address that browsers reach.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    listen: String,
    /// The network of the add-ons: no route leads out of it.
    #[arg(long, value_name = "NETWORK", default_value_t = ADDONS)]
    network: Ipv4Net,
    /// The Supervisor.
    #[arg(long, value_name = "URL", default_value = "http://supervisor")]
    supervisor: HomeUrl,
    /// Its token for this add-on.
    #[arg(long, value_name = "TOKEN", env = "SUPERVISOR_TOKEN", hide_env_values = true, hide_short_help = true)]
    token: String,
}

/// The network of the Supervisor's add-ons (docs/design/supervisor.md section 1.1).
const ADDONS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(172, 30, 32, 0), 23);

/// Writes the configuration, follows the add-ons, and serves.
pub(super) fn serve(asked: AsAddon) -> Exit {
    let options = match Options::read(&asked.options) {
        Ok(options) => options,
        Err(error) => return failed(&chain(&error)),
    };
    let url = &asked.supervisor;
    let supervisor = match Supervisor::new(url.address(), &url.authority(), SecretText::new(asked.token)) {
        Ok(supervisor) => supervisor,
        Err(error) => return failed(&chain(&error)),
    };
    let file = asked.data.join("config.toml");
    let places = Places {
        listen: asked.listen,
        data: asked.data,
        home: asked.home,
        ssl: asked.ssl,
        network: asked.network,
        more: asked.more,
    };
    let mut follower = Follower::new(options, places, supervisor, file.clone());
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(follower.look()) {
        Ok(()) => {}
        // It will answer later. Until then no add-on has a route: those of an earlier run may lead elsewhere by now.
        Err(StartError::Supervisor(error)) => {
            let warning = format!("warning: the add-ons are not followed yet: {}\n", chain(&error));
            Output::with_standard_streams(|output| output.notice(&warning));
        }
        Err(error) => return failed(&chain(&error)),
    }
    // A thread of its own, which ends with the process: what serves is not touched by whatever the Supervisor does.
    let spawned = thread::Builder::new().name("add-ons".to_owned()).spawn(move || runtime.block_on(follower.follow()));
    if let Err(error) = spawned {
        return failed(&error);
    }
    serve::serve(&file, None)
}

fn failed(why: &dyn std::fmt::Display) -> Exit {
    Output::with_standard_streams(|output| output.notice(&format!("error: {why}\n")));
    Exit::Failed
}
