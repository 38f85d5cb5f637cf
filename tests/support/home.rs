//! A Home Assistant configuration folder that a test may change: a copy of `examples/home`.
//!
//! Files are replaced as Home Assistant replaces them: written beside, then renamed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The folder.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    /// Copies `examples/home` to `folder`. The passwords stay as `USERS.md` says, but are hashed cheaply: checking the
    /// real hashes costs a quarter of a second each, and longer without optimisation.
    pub(crate) fn copy_to(folder: PathBuf) -> Self {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/home"), &folder);
        let home = Self { folder };
        home.edit("auth_provider.homeassistant", |file| {
            for user in file["data"]["users"].as_array_mut().expect("a list of users") {
                user["password"] = json!(hash(&password_of(user["username"].as_str().expect("a user name"))));
            }
        });
        // The example's sign-ins in Home Assistant end some day; the tests go on.
        home.edit("auth", |file| {
            for token in file["data"]["refresh_tokens"].as_array_mut().expect("a list of tokens") {
                token["expire_at"] = Value::Null;
            }
        });
        home
    }

    /// Changes one file of `.storage`.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value = self.read(name);
        change(&mut value);
        self.replace(name, &serde_json::to_vec_pretty(&value).expect("JSON stays JSON"));
    }

    /// Reads one file of `.storage`.
    pub(crate) fn read(&self, name: &str) -> Value {
        let bytes = fs::read(self.storage(name)).expect("the file is there");
        serde_json::from_slice(&bytes).expect("the file is JSON")
    }

    /// Replaces one file of `.storage` with these bytes.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) {
        replace(&self.storage(name), bytes);
    }

    /// Changes the record of one user in `auth`, found by user name.
    pub(crate) fn edit_user(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let id = self.user_id(name);
        self.edit("auth", |file| {
            let users = file["data"]["users"].as_array_mut().expect("a list of users");
            change(users.iter_mut().find(|user| user["id"] == id.as_str()).expect("the user is there"));
        });
    }

    /// Takes a user out of `auth`, with all that hangs on them.
    pub(crate) fn delete_user(&self, name: &str) {
        let id = self.user_id(name);
        self.edit("auth", |file| {
            let data = &mut file["data"];
            data["users"].as_array_mut().expect("a list").retain(|user| user["id"] != id.as_str());
            for list in ["credentials", "refresh_tokens"] {
                data[list].as_array_mut().expect("a list").retain(|item| item["user_id"] != id.as_str());
            }
        });
    }

    /// Takes a user's login away: no user name is left, the user stays.
    pub(crate) fn drop_credentials(&self, name: &str) {
        let id = self.user_id(name);
        self.edit("auth", |file| {
            let credentials = file["data"]["credentials"].as_array_mut().expect("a list");
            let gone: Vec<Value> =
                credentials.iter().filter(|c| c["user_id"] == id.as_str()).map(|c| c["id"].clone()).collect();
            credentials.retain(|c| c["user_id"] != id.as_str());
            let tokens = file["data"]["refresh_tokens"].as_array_mut().expect("a list");
            tokens.retain(|token| !gone.contains(&token["credential_id"]));
        });
    }

    /// The id of a user, found by user name.
    pub(crate) fn user_id(&self, name: &str) -> String {
        let file = self.read("auth");
        let credentials = file["data"]["credentials"].as_array().expect("a list");
        let found = credentials.iter().find(|c| c["data"]["username"] == name).expect("a user with this name");
        found["user_id"].as_str().expect("an id").to_owned()
    }

    /// Gives a user another password.
    pub(crate) fn set_password(&self, name: &str, password: &str) {
        self.edit("auth_provider.homeassistant", |file| {
            let users = file["data"]["users"].as_array_mut().expect("a list of users");
            let user = users.iter_mut().find(|user| user["username"] == name).expect("the user is there");
            user["password"] = json!(hash(password));
        });
    }

    /// Sets a second factor up for a user, as Home Assistant's `totp` module stores it.
    pub(crate) fn add_totp(&self, name: &str) {
        let id = self.user_id(name);
        let file = json!({
            "version": 1, "minor_version": 1, "key": "auth_module.totp",
            "data": { "users": { id: "JBSWY3DPEHPK3PXP" } },
        });
        self.replace("auth_module.totp", &serde_json::to_vec(&file).expect("JSON"));
    }

    /// Writes a refresh token to `auth`, as Home Assistant does after a sign-in.
    pub(crate) fn add_refresh_token(&self, user_id: &str, id: &str) {
        self.edit("auth", |file| {
            let tokens = file["data"]["refresh_tokens"].as_array_mut().expect("a list");
            // With the key of another one of theirs, so that a test can sign with it before it is written.
            let theirs = tokens.iter().find(|token| token["user_id"] == user_id);
            let mut token = theirs.or(tokens.first()).expect("the example has tokens").clone();
            for (field, value) in [("id", id), ("user_id", user_id), ("token_type", "normal")] {
                token[field] = json!(value);
            }
            token["expire_at"] = Value::Null;
            tokens.push(token);
        });
    }

    /// Takes a refresh token out of `auth`, as Home Assistant does when it is revoked.
    pub(crate) fn drop_refresh_token(&self, id: &str) {
        self.edit("auth", |file| {
            file["data"]["refresh_tokens"].as_array_mut().expect("a list").retain(|token| token["id"] != id);
        });
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn storage(&self, name: &str) -> PathBuf {
        self.folder.join(".storage").join(name)
    }
}

/// The password that `USERS.md` gives a user.
pub(crate) fn password_of(name: &str) -> String {
    if name == "zoë" { "zoë-päss-1".to_owned() } else { format!("{name}-pass-1") }
}

/// Replaces a file in one step.
pub(crate) fn replace(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).expect("the folder is ours");
    fs::rename(beside, path).expect("the folder is ours");
}

/// A password as Home Assistant stores it: base64 over a bcrypt hash, here of the lowest cost. Each is made once.
fn hash(password: &str) -> String {
    static HASHES: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
    let mut hashes = HASHES.lock().expect("no test panics while it hashes");
    let make = || STANDARD.encode(bcrypt::hash(password, 4).expect("the password is short"));
    hashes.entry(password.to_owned()).or_insert_with(make).clone()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).unwrap_or_else(|e| panic!("{}: {e}", from.display())) {
        let entry = entry.expect("the example can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("the example can be read").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(target, fs::read(entry.path()).expect("the example can be read")).expect("the folder is ours");
        }
    }
}
