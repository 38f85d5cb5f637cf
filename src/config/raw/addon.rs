//! `[[addon]]` and the tables in it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{
    AppArmorText, FramingText, HeaderMap, Key, List, OptionsText, Shape, SizeText, TimeText, key, refuse_unknown,
};
use crate::config::findings::Findings;

section! {
    /// `[[addon]]`
    Addon {
        manifest: String,
        slug: String,
        title: String,
        icon: String,
        upstream: String,
        ca: String,
        pin: String,
        protocol: String,
        path: String,
        host: String,
        entry: String,
        options: OptionsText,
        entities: String,
        entity_messages: List<String>,
        prefix: String,
        prefix_headers: List<String>,
        identity_headers: IdentityHeaders,
        display_name_encoding: String,
        headers: HeaderMap,
        framing: FramingText,
        access: Access,
        default: String,
        protect: List<Protect>,
        assertion: bool,
        tokens: bool,
        allow_missing_origin: bool,
        connections: u64,
        websockets: u64,
        websocket_idle_timeout: TimeText,
        queue_timeout: TimeText,
        connect_timeout: TimeText,
        response_timeout: TimeText,
        max_body: SizeText,
        max_head: SizeText,
        upstream_host: String,
        rewrite_addresses: bool,
        health: Probe,
        cors: Cors,
        rights: Rights,
    }

    /// `rights` of an add-on, with the keys that manifests have.
    Rights {
        hassio_api: bool,
        hassio_role: String,
        homeassistant_api: bool,
        auth_api: bool,
        full_access: bool,
        docker_api: bool,
        host_network: bool,
        host_pid: bool,
        host_ipc: bool,
        host_uts: bool,
        host_dbus: bool,
        privileged: List<String>,
        kernel_modules: bool,
        apparmor: AppArmorText,
    }

    /// `identity_headers` of an add-on.
    IdentityHeaders {
        id: String,
        name: String,
        display_name: String,
    }

    /// `access` of an add-on.
    Access {
        groups: List<String>,
        users: List<String>,
        admin_only: bool,
    }

    /// `[[addon.protect]]`
    Protect {
        methods: List<String>,
        websocket: bool,
        path: String,
        allow_ambiguous_path: bool,
        entity: String,
        query: String,
        body: String,
        entities: List<String>,
        all_entities: bool,
        access: String,
        require: String,
    }

    /// `cors` of an add-on.
    Cors {
        origins: List<String>,
        methods: List<String>,
        headers: List<String>,
        expose: List<String>,
        credentials: bool,
        max_age: TimeText,
    }

    /// `health` of an add-on.
    Probe {
        path: String,
        interval: TimeText,
        timeout: TimeText,
    }
}
