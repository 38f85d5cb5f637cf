//! All rules that match must permit: neither their order nor how special they are means anything (S-108).

use crate::support::{Ask, Protocol, RawAddon};
use crate::{both, protected, reason};

const RULES: [&str; 4] = [
    "[[addon.protect]]\npath = \"/{*rest}\"\nentities = [\"light.bed_light\"]\naccess = \"control\"\n",
    "[[addon.protect]]\npath = \"/a/{x}\"\nrequire = \"admin\"\n",
    "[[addon.protect]]\npath = \"/a/b\"\nquery = \"entity_id\"\naccess = \"read\"\n",
    "[[addon.protect]]\npath = \"/{x}/b\"\nrequire = \"owner\"\n",
];

#[test]
fn s108_every_order_of_the_rules_gives_the_same_answers() {
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];
    let mut seen = Vec::new();
    for order in orders {
        let rules: String = order.iter().map(|place| RULES[*place]).collect();
        let (addon, vestibule) = protected(RawAddon::start(), &rules);
        let mut answers = Vec::new();
        for user in ["owner", "alice", "grace", "frank", "heidi"] {
            let cookie = vestibule.cookie(user);
            for path in ["/", "/a", "/a/c", "/a/b", "/a/b?entity_id=light.bed_light", "/c/b", "/A/B?entity_id=x"] {
                let ask = Ask::get(&format!("/ingress/a{path}"));
                let status = both(&vestibule, &addon, &cookie, &ask);
                let why = (status != 200).then(|| {
                    let answer = vestibule.ask(Protocol::H1, &ask.cookie(&cookie));
                    reason(&vestibule, &answer)
                });
                answers.push((user, path, status, why));
            }
        }
        seen.push(answers);
    }
    assert!(seen.iter().all(|answers| *answers == seen[0]), "{seen:#?}");
    let status = |user, path| seen[0].iter().find(|(u, p, ..)| (*u, *p) == (user, path)).unwrap().2;
    assert_eq!(status("owner", "/a/b?entity_id=light.bed_light"), 200);
    assert_eq!(status("owner", "/a/b"), 400, "every rule must permit, the one that cannot be answered too");
    assert_eq!(status("alice", "/a/c"), 200);
    assert_eq!(status("alice", "/c/b"), 403, "the owner's path");
    assert_eq!(status("grace", "/a"), 200);
    assert_eq!(status("frank", "/a"), 403);
}
