//! What can be said on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};
use clap_complete::Shell;

use super::as_addon::AsAddon;
use super::backup::Backup;
use super::certificates::Certificates;
use super::explain::Explain;
use super::front::Front;
use super::init::InitArguments;
use super::keys::Keys;
use super::passes::Passes;
use super::rate::Rated;
use super::reload::{Reload, trial_length};
use crate::operations::control::{Request, RevokeTarget};

/// An ingress reverse proxy with identity headers for the web UIs of Home Assistant add-ons.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, long_version = LONG_VERSION, about, after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The configuration file; by default `config.toml` here, else `/etc/vestibule/config.toml`.
    ///
    /// Commands to a running vestibule find its control socket by it. Paths in the file are relative to its folder.
    #[arg(long, global = true, value_name = "FILE", env = "VESTIBULE_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

impl Arguments {
    /// The configuration file that was named, or the first that is there.
    pub(super) fn config(&self) -> PathBuf {
        let usual = || USUAL_CONFIGS.into_iter().map(PathBuf::from);
        // Without any, the first one: what it says about that file is what a newcomer has to hear.
        self.config
            .clone()
            .or_else(|| usual().find(|file| file.exists()))
            .or_else(|| usual().next())
            .unwrap_or_default()
    }
}

impl Arguments {
    /// Where a new configuration is to be: never a file elsewhere that nobody has named.
    pub(super) fn new_config(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| PathBuf::from("config.toml"))
    }
}

/// Where the configuration is looked for when nobody says where.
const USUAL_CONFIGS: [&str; 2] = ["config.toml", "/etc/vestibule/config.toml"];

/// Shown below `--help`.
const EXAMPLES: &str = "\
Examples:
  vestibule check
  vestibule --config /etc/vestibule/config.toml status
  vestibule explain --user frank --entity light.kitchen --access control
  vestibule explain --user frank --url /ingress/nodered/
  vestibule sessions revoke --user frank

Exit status: 0 done, 1 it could not be done, 2 a mistake on the command line or in the configuration, 3 `explain` says no.";

/// What tells one build from another.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("VESTIBULE_COMMIT"),
    "\ntarget: ",
    env!("VESTIBULE_TARGET"),
    "\nfeatures: ",
    env!("VESTIBULE_FEATURES"),
    "\ncryptography: aws-lc-rs",
);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve (the default).
    ///
    /// Ends on SIGTERM and SIGINT, once what is open has ended or `drain_timeout` has passed; reads its configuration
    /// again when the file changes and on SIGHUP. The log goes to standard error.
    Serve {
        /// Go back to the last confirmed configuration after this time, unless `reload --confirm` comes first.
        ///
        /// From `1s` to `24h`. A restart does not lengthen it, and serves the last confirmed one when it is over.
        #[arg(long, value_name = "TIME", value_parser = trial_length)]
        trial: Option<Duration>,
    },
    /// Show every mistake in the configuration; exits 2 when there is one.
    ///
    /// It looks at what the file names as well: certificates, Home Assistant's files, ports, places to write to. It
    /// changes nothing. Warnings leave the exit status at 0.
    Check {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a first configuration: ask, or take flags, and look for add-ons that listen on this machine.
    ///
    /// It asks when it is called at a terminal. Loopback ports on which a known add-on usually listens are
    /// asked for a page, and no others. The file is `config.toml` here, or what `--config` names.
    Init(InitArguments),
    /// Look at everything that usually goes wrong, and say what to do; exits 1 when something does not work.
    ///
    /// Begins with what `check` says, and goes on with Home Assistant and its clock, the names of hosts and what
    /// browsers are shown there, the add-ons by themselves, who else can reach them, and a WebSocket through each route
    /// of a vestibule that runs. For that it makes a session for the add-on alone, and ends it.
    Doctor {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say whether a user may use an entity or send a request, and why; exits 3 when not.
    ///
    /// It decides as the process that serves does, with Home Assistant's files as they are at this moment, and asks
    /// nobody.
    Explain(Box<Explain>),
    /// List, make and revoke sessions of a running vestibule.
    #[command(subcommand)]
    Sessions(Sessions),
    /// Rate the security of add-ons, with the reason for every point.
    Rate(Rate),
    /// Show what add-ons ask for and are granted; switch their protection, make their tokens.
    #[command(subcommand)]
    Addons(Addons),
    /// Say what passes at Home Assistant's front, and try it.
    #[command(subcommand)]
    Front(Front),
    /// Make, list and revoke keys for programs.
    #[command(subcommand)]
    Keys(Keys),
    /// Make, list and revoke passes to Home Assistant's front.
    #[command(subcommand)]
    Passes(Passes),
    /// List and lift bans from signing in.
    #[command(subcommand)]
    Bans(Bans),
    /// List the certificates that are shown and on order, or order them now.
    Certificates(Certificates),
    /// Have a running vestibule read its configuration again.
    Reload(Reload),
    /// Say why a running vestibule refused a request, by the id on its error page or in the log.
    ///
    /// It knows the last 1000 since its start. `explain` says what would be decided now.
    Why {
        /// The request's id.
        #[arg(value_name = "REQUEST_ID")]
        id: String,
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show how a running vestibule is.
    ///
    /// Who may ask is root and the user that runs it.
    Status {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write what cannot be made anew into one file, sealed with a passphrase (`age --decrypt` opens it too).
    Backup(Backup),
    /// Write what is in a backup to its places, beside `--config` what belongs there; never over a file that exists.
    Restore {
        /// The backup.
        file: PathBuf,
        /// The file with the passphrase in its first line; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        passphrase_file: PathBuf,
        /// Write files to absolute paths that the configuration in the backup does not name.
        #[arg(long)]
        absolute: bool,
    },
    /// Serve as an add-on on Home Assistant OS, with a route for each add-on that runs.
    AsAddon(Box<AsAddon>),
    /// Say whether a running vestibule serves; exits 1 when not. For the health check of a container.
    Health,
    /// Print what a shell needs to complete commands and options.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print a manual page, of all or of one command, as troff.
    Man {
        /// The command.
        command: Option<String>,
        /// Write all pages into this folder instead, a file for each command.
        #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
        to: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Sessions {
    /// List live sessions, newest first.
    List {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a session and print its cookie as `name=value`. The cookie is a secret.
    New {
        /// The user's name or id.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Make it good for this add-on only.
        #[arg(long, value_name = "SLUG")]
        addon: Option<String>,
    },
    /// End sessions, and cut what they have open.
    Revoke(Revoke),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["addon", "all"])))]
pub(super) struct Rate {
    /// A manifest's file, or the slug of an add-on in the configuration.
    #[arg(value_name = "MANIFEST|SLUG")]
    addon: Option<String>,
    /// All add-ons of the configuration.
    #[arg(long)]
    all: bool,
    /// Answer each with a line of JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Rate {
    /// What is to be rated.
    pub(super) fn rated(&self) -> Rated {
        self.addon.clone().map_or(Rated::All, Rated::One)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Addons {
    /// One line for each add-on.
    List {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// What an add-on asks for, what it is granted, and why.
    Show {
        /// The add-on.
        slug: String,
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a service for Compose that grants what the add-on is granted, and nothing more.
    Compose {
        /// The add-on.
        slug: String,
        /// The kind of machine, as manifests name it; this one's by default.
        #[arg(long)]
        arch: Option<String>,
    },
    /// Print the defaults of an add-on's options as JSON.
    Options {
        /// The add-on.
        slug: String,
    },
    /// Switch an add-on's protection on or off.
    Protect {
        /// The add-on.
        slug: String,
        /// `on` or `off`.
        #[arg(value_parser = ["on", "off"])]
        state: String,
    },
    /// Make a token for an add-on and print it, this once.
    Token {
        /// The add-on.
        slug: String,
        /// It has one: make another, and end that one at once.
        #[arg(long)]
        rotate: bool,
        /// Print it as lines of an environment file.
        #[arg(long)]
        env: bool,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["id", "user", "all"])))]
pub(super) struct Revoke {
    /// The session's id, as `sessions list` shows it.
    id: Option<String>,
    /// All sessions of this user (a name or an id).
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// All sessions.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Bans {
    /// List who is banned, and until when.
    List {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let somebody try again.
    #[command(group(ArgGroup::new("whom").required(true).args(["address", "all"])))]
    Lift {
        /// The address, as `bans list` shows it: all names from there.
        address: Option<String>,
        /// Only this user name from there.
        #[arg(long, value_name = "NAME", requires = "address")]
        user: Option<String>,
        /// Everybody.
        #[arg(long)]
        all: bool,
    },
}

impl Bans {
    /// Whether the answer is for programs.
    pub(super) fn as_json(&self) -> bool {
        matches!(self, Self::List { json: true })
    }

    /// The question to the running process.
    pub(super) fn request(self) -> Request {
        match self {
            Self::List { .. } => Request::BansList {},
            Self::Lift { address, user, .. } => Request::BansLift { address, user },
        }
    }
}

impl Sessions {
    /// Whether the answer is for programs.
    pub(super) fn as_json(&self) -> bool {
        matches!(self, Self::List { json: true })
    }

    /// The question to the running process.
    pub(super) fn request(self) -> Request {
        match self {
            Self::List { .. } => Request::SessionsList {},
            Self::New { user, addon } => Request::SessionsNew { user, addon },
            Self::Revoke(Revoke { id: Some(id), .. }) => Request::SessionsRevoke { what: RevokeTarget::One(id) },
            Self::Revoke(Revoke { user: Some(user), .. }) => Request::SessionsRevoke { what: RevokeTarget::User(user) },
            Self::Revoke(_) => Request::SessionsRevoke { what: RevokeTarget::All },
        }
    }
}
