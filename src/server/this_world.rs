//! This machine and the Home Assistant that a configuration names, for whoever verifies the configuration.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use socket2::{Domain, Socket, Type};

use crate::clock::Clock;
use crate::config::{
    self, AddressTrouble, ApiTrouble, CertificateTrouble, ClientTrust, ConfigTest, CoveredHosts, HomeApi, Known,
    Outcome, Purpose, Settings, World, WorldError,
};
use crate::dial::{DialError, check_authorities};
use crate::explain;
use crate::home_assistant::api::{Api, ApiError};
use crate::home_assistant::{FileProblem, has_time_zone, read_folder, read_registries};
use crate::operations::control::{self, Answer, AskError, Request};
use crate::operations::listening::{Holder, ListeningSocket, listening_sockets};
use crate::tls::{Issued, TlsError, check_client_trust, check_pair, shown_certificate};

/// This machine and the Home Assistant that the configuration names, as they are at this moment.
#[derive(Debug, Clone, Copy)]
pub struct ThisWorld(pub Purpose);

impl World for ThisWorld {
    fn purpose(&self) -> Purpose {
        self.0
    }

    fn check_certificate(&self, chain: &Path, key: &Path) -> Result<Option<CoveredHosts>, CertificateTrouble> {
        let trouble = |error: TlsError| CertificateTrouble { hint: error.hint(), why: error.into() };
        let covered = check_pair(chain, key).map_err(trouble)?;
        Ok(Some(Box::new(move |host| covered.covers(host))))
    }

    fn must_staple(&self, chain: &Path) -> Option<Result<(), WorldError>> {
        let sources = shown_certificate(chain).ok()?.revocation;
        let can_be_had = || match sources.responder {
            Some(_) => Issued::read(chain).map(drop).map_err(Into::into),
            None => Err("it names no responder".into()),
        };
        sources.must_staple.then(can_be_had)
    }

    fn check_authorities(&self, pem: &[u8]) -> Result<(), WorldError> {
        Ok(check_authorities(pem)?)
    }

    fn check_client_trust(&self, trust: &ClientTrust) -> Result<Vec<(bool, String)>, (bool, WorldError)> {
        check_client_trust(trust, Clock::System.now()).map_err(|trouble| (trouble.is_of_list(), trouble.into()))
    }

    fn check_address(&self, address: SocketAddr, control: &Path) -> Result<(), AddressTrouble> {
        match bind(address) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => who_has_it(address, control),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(AddressTrouble {
                what: "the user who asks may not listen on this port".to_owned(),
                is_certain: false,
                hint: "a service that does has `CAP_NET_BIND_SERVICE`, as the unit in packaging/systemd; or write a port \
                       from 1024 on",
            }),
            Err(error) => Err(AddressTrouble {
                what: format!("this address cannot be listened on: {error}"),
                is_certain: true,
                hint: "write an address that this machine has; \"0.0.0.0\" and \"[::]\" are all of them",
            }),
        }
    }

    fn check_writable(&self, path: &Path) -> Result<(), WorldError> {
        Ok(writable(path)?)
    }

    fn ask_home_assistant(&self, api: &HomeApi) -> Result<(), ApiTrouble> {
        ask(api).map_err(|error| ApiTrouble { hint: error.hint(), why: error.into() })
    }

    fn known(&self, config_dir: &Path) -> Option<Result<Known, WorldError>> {
        Some(known(config_dir).map_err(Into::into))
    }

    fn decide(&self, settings: &Settings, tests: &[ConfigTest]) -> Option<Result<Vec<Outcome>, WorldError>> {
        Some(explain::decide(settings, tests).map_err(Into::into))
    }
}

/// Binds an address and lets it go. It is never listened on: a server that starts meanwhile finds it free.
fn bind(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As the start does it: connections of a process before that are still in TIME_WAIT do no harm.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

/// Whose an address is that is in use. The vestibule that serves this very configuration is no trouble.
fn who_has_it(address: SocketAddr, control: &Path) -> Result<(), AddressTrouble> {
    let running = control::ask(control, &Request::Status {});
    let sockets = listening_sockets().unwrap_or_default();
    let holder = sockets.iter().filter(|socket| socket.is_at(address)).find_map(ListeningSocket::holder);
    let is_ours = match (&running, &holder) {
        (Ok(Answer::Status(status)), Some(holder)) => status.pid == holder.pid,
        // It answers as this configuration's, and whose socket it is may not be known by us.
        (Ok(_), _) => true,
        (Err(_), _) => false,
    };
    if is_ours {
        return Ok(());
    }
    let may_be_ours = matches!(running, Err(AskError::NotAllowed { .. } | AskError::Timeout { .. }));
    Err(match holder {
        // What systemd holds it gives to vestibule (vestibule.socket); and another vestibule may be this one, before
        // its control socket is moved.
        Some(Holder { pid, name }) if !["systemd", "init", "vestibule"].contains(&&*name) => AddressTrouble {
            what: format!("this port is in use: {name} (process {pid}) listens there"),
            is_certain: true,
            hint: "stop that program, or write another port",
        },
        Some(Holder { pid, name }) => AddressTrouble {
            what: format!("this port is in use: {name} (process {pid}) listens there"),
            is_certain: false,
            hint: "all is well if that is this service, by its socket unit or with another `control`; else stop it, or \
                   write another port",
        },
        None if may_be_ours => AddressTrouble {
            what: "this port is in use, and it cannot be told whether by this vestibule".to_owned(),
            is_certain: false,
            hint: "run this as root or as the user that runs vestibule, so that it can be asked",
        },
        None => AddressTrouble {
            what: "this port is in use, and no vestibule with this configuration runs".to_owned(),
            is_certain: false,
            hint: "`ss -ltnp` as root says which program listens there: stop it, or write another port",
        },
    })
}

/// Something cannot be made or changed.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be written to", path.display())]
struct Unwritable {
    path: PathBuf,
    source: io::Error,
}

/// Whether this process can make what is to be at this path, or change what is there: a file is replaced by one that is
/// moved to its place, so that its folder counts as well.
fn writable(path: &Path) -> Result<(), Unwritable> {
    let file = std::fs::symlink_metadata(path);
    let is_folder = path.is_dir();
    // Sockets are replaced, and never written to by their maker.
    if file.as_ref().is_ok_and(|file| !is_folder && !file.file_type().is_socket()) {
        may(path, Access::WRITE_OK)?;
    }
    let folder = if is_folder { Some(path) } else { path.parent() };
    // The nearest that there is: what is missing below it is made.
    let there = folder.into_iter().flat_map(Path::ancestors).find(|folder| folder.symlink_metadata().is_ok());
    there.map_or(Ok(()), |folder| may(folder, Access::WRITE_OK | Access::EXEC_OK))
}

fn may(path: &Path, access: Access) -> Result<(), Unwritable> {
    let unwritable = |source| Unwritable { path: path.to_owned(), source };
    if access.contains(Access::EXEC_OK) && !path.is_dir() {
        return Err(unwritable(io::ErrorKind::NotADirectory.into()));
    }
    // By the effective user, as the kernel judges what is really done.
    accessat(CWD, path, access, AtFlags::EACCESS).map_err(|errno| unwritable(errno.into()))
}

/// Asks as a sign-in would, on a runtime of its own: this is called where there is none.
fn ask(settings: &HomeApi) -> Result<(), ApiError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(DialError::Io)?;
    runtime.block_on(Api::new(settings).probe())
}

fn known(config_dir: &Path) -> Result<Known, String> {
    let one_line = |problem: &FileProblem| format!("{}: {}", problem.path.display(), problem.reason());
    let lines = |problems: Vec<FileProblem>| problems.iter().map(one_line).collect::<Vec<_>>();
    let people = read_folder(config_dir).map_err(|problems| lines(problems).join("; "))?;
    let directory = people.directory(&config::Permissions::default());
    let names = |user: &Arc<crate::identity::User>| {
        std::iter::once(user.id.to_string()).chain(user.usernames.clone()).collect::<Vec<_>>()
    };
    let (registry, problems) = match read_registries(config_dir) {
        Ok(registry) => (Some(Arc::new(registry)), Vec::new()),
        Err(problems) => (None, lines(problems)),
    };
    let shown_user = |user: &Arc<crate::identity::User>| {
        Some((user.name.clone()?, user.username().map_or_else(|| user.id.to_string(), str::to_owned)))
    };
    let shown_groups = directory.groups().map(|(id, name)| (name.to_owned(), id.to_string()));
    Ok(Known {
        shown_names: shown_groups.chain(directory.users().filter_map(shown_user)).collect(),
        groups: directory.groups().map(|(id, _)| id.to_string()).collect(),
        users: directory.users().flat_map(names).collect(),
        registry,
        has_time_zone: has_time_zone(config_dir),
        problems,
    })
}
