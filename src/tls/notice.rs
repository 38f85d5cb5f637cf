//! What the operator should know of certificates that are in use all the same.
//!
//! They are sentences for the start-up lines and the log.

use std::fmt;
use std::path::PathBuf;

use crate::clock::Timestamp;

/// Something to tell the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The development certificate is shown. Its display says how to make browsers trust it.
    Development {
        /// The certificate to trust.
        ca: PathBuf,
        /// Whether it was made just now, so that an older one is trusted in vain.
        new: bool,
    },
    /// A certificate is no longer valid.
    Expired {
        /// Path of the chain.
        file: PathBuf,
        /// When the certificate ended.
        since: Timestamp,
    },
    /// A certificate is not valid yet.
    NotYetValid {
        /// Path of the chain.
        file: PathBuf,
        /// When it becomes valid.
        from: Timestamp,
    },
    /// A certificate names no host, so that every request on it is refused.
    NoNames {
        /// Path of the chain.
        file: PathBuf,
    },
    /// A certificate that was ordered cannot be used, and is ordered anew.
    Unusable {
        /// Path of the chain and the key.
        file: PathBuf,
        /// Why it cannot be used.
        why: String,
    },
    /// Every user of this machine can read a private key.
    KeyReadableByAll {
        /// Path of the key.
        file: PathBuf,
    },
}

impl Notice {
    /// Whether browsers will have trouble, or a secret is in danger: more than how things are.
    pub fn is_warning(&self) -> bool {
        !matches!(self, Self::Development { .. })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Development { ca, new } => trust(f, ca, *new),
            Self::Expired { file, since } => {
                write!(f, "the certificate in {} expired at {since}: browsers will refuse it", file.display())
            }
            Self::NotYetValid { file, from } => {
                write!(f, "the certificate in {} is not valid before {from}: is the clock right?", file.display())
            }
            Self::NoNames { file } => write!(
                f,
                "the certificate in {} has no subject alternative names: every request on it will be refused",
                file.display()
            ),
            Self::Unusable { file, why } => {
                write!(f, "the certificate in {} cannot be used and is ordered anew: {why}", file.display())
            }
            Self::KeyReadableByAll { file } => {
                write!(f, "every user of this machine can read the private key in {}", file.display())
            }
        }
    }
}

fn trust(f: &mut fmt::Formatter<'_>, ca: &std::path::Path, new: bool) -> fmt::Result {
    let made = if new { "A new development CA was made: " } else { "The certificate is from the development CA in " };
    let ca = ca.display();
    write!(
        f,
        "{made}{ca}\n\
         Browsers warn until they trust it. On the machine with the browser:\n  \
         Debian, Ubuntu:    sudo cp {ca} /usr/local/share/ca-certificates/ && sudo update-ca-certificates\n  \
         Chromium, Chrome:  chrome://certificate-manager > Custom > Trusted Certificates > Import\n  \
         Firefox:           Settings > Privacy & Security > View Certificates > Authorities > Import\n\
         Trust it only on machines of your own: who has its key can impersonate any site to them."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_is_told_how_to_trust_the_development_ca() {
        let text = Notice::Development { ca: "certs/vestibule-dev-ca.crt".into(), new: true }.to_string();
        assert!(text.contains("sudo cp certs/vestibule-dev-ca.crt /usr/local/share/ca-certificates/"), "{text}");
        assert!(text.contains("update-ca-certificates") && text.contains("Firefox") && text.contains("Chromium"));
    }
}
