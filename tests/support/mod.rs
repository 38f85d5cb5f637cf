//! The harness: a real vestibule in a folder of its own, add-ons and clients that say and record raw bytes.
//!
//! In come a configuration and bytes, out come the bytes that the add-on saw and the bytes that the client got. Nothing
//! here knows how vestibule works inside: it is started as an operator starts it and spoken to as a browser speaks.
//!
//! Read [`process`] (the program under test, started by [`launch`]), [`addon`] (the add-on behind it), [`h1`] and
//! [`h2`] (the clients in front of it), then [`expectation`] (what the security cases ask for again and again). What
//! must happen in time is bounded by a [`Stopwatch`], which a loaded machine does not hurry.

#![allow(dead_code, unused_imports, reason = "every test binary uses its own part of the harness")]

pub(crate) mod addon;
pub(crate) mod ask;
pub(crate) mod certificate;
pub(crate) mod client_authority;
pub(crate) mod client_certificate;
pub(crate) mod config_file;
pub(crate) mod expectation;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod h1;
pub(crate) mod h2;
pub(crate) mod h2_addon;
pub(crate) mod h2_frames;
pub(crate) mod home;
pub(crate) mod journey;
pub(crate) mod json_socket;
pub(crate) mod launch;
pub(crate) mod minted;
pub(crate) mod page;
pub(crate) mod past_sessions;
pub(crate) mod path_spellings;
pub(crate) mod patience;
pub(crate) mod plain;
pub(crate) mod process;
pub(crate) mod redis;
pub(crate) mod source;
pub(crate) mod stopwatch;
pub(crate) mod there;
pub(crate) mod tls_addon;
pub(crate) mod tools;
pub(crate) mod tunnel;

pub(crate) use addon::{Keep, RawAddon, Recorded, Wire};
pub(crate) use ask::{Answer, Ask, BOTH, Protocol};
pub(crate) use config_file::ConfigFile;
pub(crate) use expectation::{User, assert_denied, assert_id, assert_problem, assert_refused, is_reserved};
pub(crate) use fields::{Fields, squash, wire};
pub(crate) use h1::RawClient;
pub(crate) use h2::H2Client;
pub(crate) use launch::Extra;
pub(crate) use patience::{PATIENCE, eventually, soon};
pub(crate) use process::Vestibule;
pub(crate) use stopwatch::Stopwatch;
pub(crate) use there::There;
