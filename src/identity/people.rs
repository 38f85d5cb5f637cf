//! All users and groups of one moment, and what each user may do, compiled.
//!
//! Made of the users, Home Assistant's groups with their policies and the configured groups, and asked by id. Users of
//! the same groups share what was compiled for the first of them: a home has many users and few lists of groups.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;
use serde_json::Value;

use super::user::User;
use crate::config::{self, Conditions, ConfiguredGroup};
use crate::ids::{GroupId, UserId};
use crate::permission::{IllegalPolicy, Policies, UserPermissions};

/// A group as the files have it: what people call it, and its policy, unchecked.
#[derive(Debug, Clone, Copy)]
pub struct GroupRecord<'a> {
    /// Its name; its id serves where it has none.
    pub name: Option<&'a str>,
    /// What it says about entities and else.
    pub policy: &'a Value,
}

/// A group whose policy is illegal, and where in it the mistake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllegalGroup {
    /// The group whose members are denied everything by it.
    pub id: GroupId,
    /// What is wrong, and where in the policy.
    pub mistake: IllegalPolicy,
}

/// Users by id and by name, groups by id.
#[derive(Debug, Default)]
pub(super) struct People {
    entries: HashMap<UserId, UserEntry, RandomState>,
    usernames: HashMap<String, UserId>,
    groups: BTreeMap<GroupId, Arc<str>>,
    /// What each group gives by itself, Home Assistant's and configured ones.
    by_group: HashMap<GroupId, UserPermissions>,
    illegal: Vec<IllegalGroup>,
}

/// A user and what they may do, for each combination of the groups that count at times.
#[derive(Debug)]
pub(super) struct UserEntry {
    /// With none of those groups: all there is, for nearly everybody.
    pub(super) user: Arc<User>,
    permissions: UserPermissions,
    /// With the groups whose bits make the place of a combination, the first group's bit the lowest. The place of none
    /// is left out.
    combinations: Vec<(Arc<User>, UserPermissions)>,
}

impl UserEntry {
    /// The user with those of their groups that count.
    pub(super) fn with(&self, counts: impl Fn(&Conditions) -> bool) -> Option<&Arc<User>> {
        let groups = self.user.conditional_groups.iter().enumerate();
        let counted = groups.filter(|(_, (_, conditions))| counts(conditions));
        let place = counted.fold(0_usize, |place, (bit, _)| place | (1 << bit));
        match place.checked_sub(1) {
            None => Some(&self.user),
            Some(place) => self.combinations.get(place).map(|(user, _)| user),
        }
    }

    /// What a user of this entry may do. Nothing for one of another moment, who was in other groups.
    pub(super) fn permissions_of(&self, user: &User) -> Option<&UserPermissions> {
        if self.combinations.is_empty() && user.conditional_groups.is_empty() {
            return Some(&self.permissions);
        }
        let none = (&self.user, &self.permissions);
        let mut all = self.combinations.iter().map(|(user, permissions)| (user, permissions)).chain([none]);
        all.find(|(same, _)| same.configured_groups == user.configured_groups).map(|(_, permissions)| permissions)
    }
}

impl People {
    pub(super) fn new(
        users: impl IntoIterator<Item = User>,
        groups: &BTreeMap<GroupId, GroupRecord<'_>>,
        configured: &config::Permissions,
    ) -> Self {
        let mut compiler = Compiler { groups, configured, done: HashMap::new() };
        let named = |(id, group): (&GroupId, &GroupRecord<'_>)| (id.clone(), Arc::from(group.name.unwrap_or(id)));
        let groups: BTreeMap<GroupId, Arc<str>> = groups.iter().map(named).collect();
        let (mut entries, mut usernames) = (HashMap::default(), HashMap::new());
        for mut user in users {
            let theirs = configured.groups.iter().filter(|group| group.has(user.id.as_str(), &user.usernames));
            let theirs: Vec<&ConfiguredGroup> = theirs.collect();
            let at_times = theirs.iter().filter(|group| !group.conditions.is_empty());
            user.conditional_groups = at_times.map(|group| (Arc::clone(&group.id), group.conditions.clone())).collect();
            for name in &user.usernames {
                // When two users have the same name, the first keeps it, as in Home Assistant.
                usernames.entry(name.clone()).or_insert_with(|| user.id.clone());
            }
            let mut combination = |place: usize| {
                let user = in_groups(user.clone(), &theirs, place, &groups);
                let permissions = compiler.permissions(&user);
                (Arc::new(user), permissions)
            };
            let (without, permissions) = combination(0);
            // The configuration has a few such groups at most, so that these are not too many.
            let combinations = (1..1_usize << without.conditional_groups.len()).map(combination).collect();
            entries.insert(without.id.clone(), UserEntry { user: without, permissions, combinations });
        }
        let ours = configured.groups.iter().map(|group| (Arc::clone(&group.id), compiler.of_configured(&group.id)));
        let mut by_group: HashMap<_, _> = ours.collect();
        by_group.extend(groups.keys().map(|id| (id.clone(), compiler.of_home_assistant(id))));
        let illegal = compiler.illegal();
        Self { entries, usernames, groups, by_group, illegal }
    }

    pub(super) fn entry(&self, id: &UserId) -> Option<&UserEntry> {
        self.entries.get(id)
    }

    pub(super) fn with_username(&self, name: &str) -> Option<&Arc<User>> {
        self.entry(self.usernames.get(name)?).map(|entry| &entry.user)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &UserEntry> {
        self.entries.values()
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (&GroupId, &str)> {
        self.groups.iter().map(|(id, name)| (id, &**name))
    }

    pub(super) fn group_name(&self, id: &str) -> Option<&str> {
        self.groups.get(id).map(|name| &**name)
    }

    pub(super) fn of_group(&self, id: &str) -> Option<&UserPermissions> {
        self.by_group.get(id)
    }

    pub(super) fn illegal(&self) -> &[IllegalGroup] {
        &self.illegal
    }
}

/// The user in those of their groups that always count, and in those of the others whose bits make this place.
fn in_groups(mut user: User, theirs: &[&ConfiguredGroup], place: usize, names: &BTreeMap<GroupId, Arc<str>>) -> User {
    let mut bit = 0;
    let counts = |group: &&&ConfiguredGroup| {
        if group.conditions.is_empty() {
            return true;
        }
        let counts = place & (1 << bit) != 0;
        bit += 1;
        counts
    };
    user.configured_groups = theirs.iter().filter(counts).map(|group| Arc::clone(&group.id)).collect();
    let of_home = user.groups.iter().map(|id| names.get(id).unwrap_or(id));
    user.group_names = of_home.chain(&user.configured_groups).cloned().collect();
    user
}

/// Compiles each distinct list of groups once.
struct Compiler<'a> {
    groups: &'a BTreeMap<GroupId, GroupRecord<'a>>,
    configured: &'a config::Permissions,
    done: HashMap<GroupsOfUser, UserPermissions>,
}

/// Home Assistant's groups and the configured ones, as far as they count.
type GroupsOfUser = (Vec<GroupId>, Vec<GroupId>);

impl Compiler<'_> {
    fn permissions(&mut self, user: &User) -> UserPermissions {
        // Not shared with others of the same groups: an owner is restricted by nothing.
        if user.is_owner {
            return UserPermissions::owner();
        }
        self.of_groups(user.groups.clone(), user.configured_groups.clone())
    }

    /// What a group of Home Assistant gives by itself.
    fn of_home_assistant(&mut self, id: &GroupId) -> UserPermissions {
        self.of_groups(vec![id.clone()], Vec::new())
    }

    /// What a configured group gives by itself.
    fn of_configured(&mut self, id: &GroupId) -> UserPermissions {
        self.of_groups(Vec::new(), vec![id.clone()])
    }

    /// What these groups give together, as far as their policies count.
    fn of_groups(&mut self, groups: Vec<GroupId>, configured: Vec<GroupId>) -> UserPermissions {
        let source = self.configured.source;
        let groups = if source.counts_home_assistant() { groups } else { Vec::new() };
        let configured = if source.counts_configured() { configured } else { Vec::new() };
        let key = (groups, configured);
        if let Some(done) = self.done.get(&key) {
            return done.clone();
        }
        // A group that is not there has no policy, which is illegal where one must be, and so denies.
        let policy = |id: &GroupId| self.groups.get(id).map_or(&Value::Null, |group| group.policy);
        let is_theirs = |group: &&ConfiguredGroup| key.1.contains(&group.id);
        let permissions = UserPermissions::of_groups(&Policies {
            home_assistant: key.0.iter().map(policy).collect(),
            configured: self.configured.groups.iter().filter(is_theirs).map(|group| &group.policy).collect(),
        });
        self.done.insert(key, permissions.clone());
        permissions
    }

    /// The groups whose policies were found to be illegal, each once, in the order of ids.
    fn illegal(&self) -> Vec<IllegalGroup> {
        let found = self.done.iter().filter_map(|((groups, _), permissions)| {
            let mistake = permissions.illegal()?;
            Some((groups.get(mistake.group().get())?.clone(), mistake.clone()))
        });
        let found: BTreeMap<_, _> = found.collect();
        found.into_iter().map(|(id, mistake)| IllegalGroup { id, mistake }).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::permission::{ConfiguredPolicy, Opinions, Registry};

    fn user(id: &str, groups: &[&str]) -> User {
        User {
            id: id.parse().unwrap(),
            name: None,
            usernames: Vec::new(),
            groups: groups.iter().map(|group| (*group).into()).collect(),
            configured_groups: Vec::new(),
            conditional_groups: <_>::default(),
            group_names: Vec::new(),
            is_owner: false,
            is_active: true,
            system_generated: false,
            local_only: false,
            has_mfa: false,
            password_digest: None,
        }
    }

    #[test]
    fn users_of_the_same_groups_share_what_was_compiled() {
        let (read, lights) =
            (json!({"entities": {"all": {"read": true}}}), json!({"entities": {"domains": {"light": true}}}));
        let record = |policy| GroupRecord { name: None, policy };
        let groups = BTreeMap::from([("a".into(), record(&read)), ("b".into(), record(&lights))]);
        let users = [user("u1", &["a", "b"]), user("u2", &["a", "b"]), user("u3", &["a"]), user("u4", &[])];
        let people = People::new(users, &groups, &config::Permissions::default());
        let permissions = |id: &str| &people.entry(&id.parse().unwrap()).unwrap().permissions;
        assert!(permissions("u1").shares_rules_with(permissions("u2")));
        assert!(!permissions("u1").shares_rules_with(permissions("u3")));
        let controls = |id| permissions(id).check(&Registry::default(), "light.x", "control").is_permit();
        assert_eq!(["u1", "u2", "u3", "u4"].map(controls), [true, true, false, false]);
    }

    #[test]
    fn a_group_that_is_not_there_denies_everything() {
        let all = json!({"entities": true});
        let groups = BTreeMap::from([("a".into(), GroupRecord { name: None, policy: &all })]);
        let people = People::new([user("u1", &["a", "gone"])], &groups, &config::Permissions::default());
        let permissions = &people.entry(&"u1".parse().unwrap()).unwrap().permissions;
        assert!(!permissions.check(&Registry::default(), "light.x", "read").is_permit());
        assert_eq!(people.illegal().iter().map(|group| &*group.id).collect::<Vec<_>>(), ["gone"]);
    }

    #[test]
    fn a_group_gives_by_itself_what_it_gives_a_member_who_is_in_no_other() {
        let (lights, wrong) = (json!({"entities": {"domains": {"light": true}}}), json!({"entities": false}));
        let record = |policy| GroupRecord { name: None, policy };
        let groups = BTreeMap::from([("lights".into(), record(&lights)), ("wrong".into(), record(&wrong))]);
        let reads = Opinions { read: Some(true), ..Opinions::default() };
        let policy = ConfiguredPolicy { all: reads, ..ConfiguredPolicy::default() };
        let readers =
            ConfiguredGroup { id: "readers".into(), members: Vec::new(), policy, conditions: Conditions::default() };
        for (source, expected) in [
            (config::GroupSource::HomeAssistant, [true, false, false]),
            (config::GroupSource::Config, [false, true, false]),
            (config::GroupSource::Both, [true, true, false]),
        ] {
            let configured = config::Permissions { source, groups: vec![readers.clone()] };
            let people = People::new([], &groups, &configured);
            let gives =
                |id: &str| people.of_group(id).unwrap().check(&Registry::default(), "light.a", "read").is_permit();
            assert_eq!(["lights", "readers", "wrong"].map(gives), expected, "{source:?}");
            assert!(people.of_group("nobody").is_none());
        }
    }

    #[test]
    fn a_membership_that_counts_at_times_gives_roles_and_rights_only_then() {
        let reads = Opinions { read: Some(true), ..Opinions::default() };
        let policy = ConfiguredPolicy { all: reads, ..ConfiguredPolicy::default() };
        let when = |hours: &str| Conditions { hours: vec![hours.parse().unwrap()], ..Conditions::default() };
        let group = |id: &str, policy: &ConfiguredPolicy, conditions| ConfiguredGroup {
            id: id.into(),
            members: vec!["u1".to_owned()],
            policy: policy.clone(),
            conditions,
        };
        let none = ConfiguredPolicy::default();
        let groups = vec![
            group("day", &policy, when("7:00-21:00")),
            group("always", &none, Conditions::default()),
            group("night", &none, when("21:00-7:00")),
        ];
        let configured = config::Permissions { source: config::GroupSource::Config, groups };
        let people = People::new([user("u1", &[]), user("u2", &[])], &BTreeMap::new(), &configured);
        let entry = people.entry(&"u1".parse().unwrap()).unwrap();
        let reads = |user: &User| {
            let permissions = entry.permissions_of(user).unwrap();
            permissions.check(&Registry::default(), "light.a", "read").is_permit()
        };
        let named = |user: &User| user.configured_groups.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!((named(&entry.user), reads(&entry.user)), (vec!["always".to_owned()], false));
        for (counting, groups, expected) in [
            (&["7:00-21:00"][..], &["day", "always"][..], true),
            (&["21:00-7:00"], &["always", "night"], false),
            (&["7:00-21:00", "21:00-7:00"], &["day", "always", "night"], true),
            (&[], &["always"], false),
        ] {
            let counts = |conditions: &Conditions| counting.contains(&&*conditions.hours[0].to_string());
            let user = entry.with(counts).unwrap();
            assert_eq!((named(user), reads(user)), (groups.iter().map(ToString::to_string).collect(), expected));
            assert_eq!(user.group_names.len(), groups.len());
        }
        let of_before = User { configured_groups: vec!["gone".into()], ..User::clone(&entry.user) };
        assert!(entry.permissions_of(&of_before).is_none(), "a user of another moment has no rights here");
        let other = people.entry(&"u2".parse().unwrap()).unwrap();
        assert!(Arc::ptr_eq(other.with(|_| true).unwrap(), &other.user), "who is in no such group stays as they are");
    }

    #[test]
    fn of_two_users_with_one_user_name_it_is_the_first_one_s() {
        let named = |id| User { usernames: vec!["una".to_owned()], ..user(id, &[]) };
        let people = People::new([named("u2"), named("u1")], &BTreeMap::new(), &config::Permissions::default());
        assert_eq!(people.with_username("una").unwrap().id.as_str(), "u2");
    }
}
