//! The raw configuration: mirrors `config.toml` key for key, each value with its place in the file, and has no logic.
//!
//! In comes the TOML tree, out come these types and a finding for every unknown key and every value of a wrong type.
//! They are read by hand from toml's spanned tree and not by serde's derive, for three reasons: a derived `Deserialize`
//! stops at the first mistake and an operator wants all of them; its message for an unknown key cannot say which known
//! one is nearest; and enums of "a string or a table" (`untagged`) lose their places. What a table is made of is said
//! once, in the list of its fields (`section`).

pub(in crate::config) mod section;
pub(in crate::config) mod shape;
pub(in crate::config) mod value_file;
mod variants;

use super::addon::{RawAddon, UserMap};
use super::conditions::RawConditions;
use super::limits::RawLimits;
use section::section;
pub(super) use section::{Key, List};
pub(super) use shape::TimeText;
pub(super) use value_file::ValueFile;
pub(super) use variants::{AgeMap, ListenerText, OperationsText, RuleMap, RuleText, StateMap, StoreText};

section! {
    /// The whole file.
    Root {
        state_dir: String,
        sandbox: bool,
        listen: Listen,
        tls: Tls,
        home_assistant: HomeAssistant,
        permissions: Permissions,
        group: List<Group>,
        session: Session,
        sign_in: SignIn,
        limits: Limits,
        log: Log,
        headers: Headers,
        assertion: Assertion,
        supervisor: Supervisor,
        presence: Presence,
        pages: Pages,
        addon: List<RawAddon>,
        test: List<Test>,
    }

    /// `[listen]`
    Listen {
        https: List<ListenerText>,
        http: List<ListenerText>,
        operations: OperationsText,
        control: String,
        trusted_proxies: List<String>,
        public_urls: List<String>,
    }

    /// An entry of `[listen] https` or `http` that is a table.
    Listener {
        address: String,
        proxy_protocol: bool,
        trusted_proxies: List<String>,
    }

    /// `[tls]`
    Tls {
        development: String,
        certificates: List<Certificate>,
        hsts: TimeText,
        ocsp_stapling: bool,
        acme: Acme,
        client_ca: String,
        client_crl: String,
        client_auth: List<ClientAuth>,
        client_certificate: List<ClientCertificate>,
    }

    /// `[[tls.client_auth]]`
    ClientAuth {
        host: String,
        ca: String,
        crl: String,
        required: bool,
    }

    /// `[[tls.client_certificate]]`
    ClientCertificate {
        fingerprint: String,
        common_name: String,
        san: String,
        user: String,
        sign_in: bool,
    }

    /// `[tls.acme]`
    Acme {
        domains: List<String>,
        email: String,
        agree_to_terms: bool,
        directory: String,
        directory_ca: String,
        challenge: String,
        dns_hook: List<String>,
        dns_hook_timeout: TimeText,
        dns_update: DnsUpdate,
        dns_wait: TimeText,
        eab_key_id: String,
        eab_hmac_key: ValueFile,
        state: String,
    }

    /// `dns_update` of `[tls.acme]`
    DnsUpdate {
        server: String,
        zone: String,
        key_name: String,
        key: ValueFile,
    }

    /// An entry of `[tls] certificates`.
    Certificate {
        chain: String,
        key: String,
    }

    /// `[home_assistant]`
    HomeAssistant {
        config_dir: String,
        max_stale: TimeText,
        time_zone: String,
        token: ValueFile,
        url: String,
        browser_url: String,
        ca: String,
        pin: String,
        forward_address: bool,
        emails: UserMap,
        front: Front,
    }

    /// `[home_assistant.front]`
    Front {
        host: String,
        addons: String,
        allow: List<String>,
        open_paths: List<String>,
        webhooks: List<String>,
    }

    /// `[presence]`
    Presence {
        events: List<String>,
        token: ValueFile,
        not_me: TimeText,
        entities: bool,
        certificate_warning: TimeText,
    }

    /// `[pages]`
    Pages {
        title: String,
        accent: String,
        logo: String,
        embed_in_home_assistant: bool,
    }

    /// `[permissions]`
    Permissions {
        groups: String,
    }

    /// `[[group]]`
    Group {
        ..conditions: RawConditions,
        id: String,
        members: List<String>,
        policy: Policy,
    }

    /// `policy` of a group.
    Policy {
        entity_ids: RuleMap,
        device_ids: RuleMap,
        domains: RuleMap,
        areas: RuleMap,
        area_ids: RuleMap,
        labels: RuleMap,
        all: RuleText,
    }

    /// A rule of a policy that is a table.
    Rule {
        read: bool,
        control: bool,
        edit: bool,
    }

    /// `[session]`
    Session {
        store: StoreText,
        idle_timeout: TimeText,
        absolute_timeout: TimeText,
        remember: bool,
        remembered_idle_timeout: TimeText,
        remembered_absolute_timeout: TimeText,
        max_age: AgeMap,
        password_timeout: TimeText,
        per_user: u64,
        cross_site_framing: bool,
        store_timeout: TimeText,
        max_outage: TimeText,
    }

    /// `store` of `[session]` that is a table.
    RedisStore {
        url: String,
        user: String,
        password_file: String,
        ca: String,
        key_file: String,
        prefix: String,
    }

    /// `[sign_in]`
    SignIn {
        methods: List<String>,
        attempts_per_address: u64,
        attempts_per_user: u64,
        window: TimeText,
        ban: TimeText,
        longest_ban: TimeText,
    }

    /// `[limits]`
    Limits {
        ..limits: RawLimits,
    }

    /// `[log]`
    Log {
        format: String,
        filter: String,
        access: bool,
    }

    /// `[headers]`
    Headers {
        reserved: List<String>,
    }

    /// `[assertion]`
    Assertion {
        keys: String,
        issuer: String,
        rotate: TimeText,
        overlap: TimeText,
    }

    /// `[supervisor]`
    Supervisor {
        state: String,
        signing_keys: List<String>,
        listen: String,
        upstream: String,
        upstream_token: ValueFile,
        home_assistant_token: ValueFile,
        home_assistant_listen: String,
        home_assistant_listen_token: ValueFile,
        home_assistant_listen_trusted_proxies: List<String>,
        password_reset_token: ValueFile,
        auth_cache: TimeText,
        websockets: u64,
    }

    /// `[[test]]`
    Test {
        user: String,
        method: String,
        url: String,
        websocket: bool,
        body: String,
        origin: String,
        from: String,
        token: bool,
        fresh: bool,
        second_factor: bool,
        depth: String,
        destination: String,
        at: String,
        state: StateMap,
        entity: String,
        access: String,
        expect: String,
    }
}
