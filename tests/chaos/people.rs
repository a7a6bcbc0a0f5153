//! Who takes part in a run: people with a way to each node and one over the balancer, and the rooms that they share.

use std::collections::BTreeMap;

use client::api::Api;
use protocol::rest::OpenRoom;
use protocol::shapes::{History, RoomKind};
use support::Person;
use uuid::Uuid;

use crate::cluster::Cluster;

/// Somebody, with a session that all nodes know.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) person: Person,
    /// Straight to each node.
    pub(crate) nodes: Vec<Api>,
    /// To whichever node takes the connection.
    pub(crate) any: Api,
}

impl Member {
    pub(crate) fn id(&self) -> Uuid {
        self.person.id()
    }

    /// Over one node, or over any.
    pub(crate) fn through(&self, node: Option<usize>) -> &Api {
        node.map_or(&self.any, |node| &self.nodes[node])
    }

    /// The same person over another way.
    pub(crate) fn person_through(&self, node: Option<usize>) -> Person {
        let api = self.through(node).clone();
        Person {
            api,
            ..self.person.clone()
        }
    }
}

/// The people and the rooms; the first person owns them, the first room is the hot one.
pub(crate) struct Crowd {
    pub(crate) members: Vec<Member>,
    /// These are taken out of rooms and brought back.
    pub(crate) guests: Vec<Member>,
    pub(crate) rooms: Vec<Uuid>,
    /// Where the log of each room stood when all were in.
    pub(crate) heads: BTreeMap<Uuid, u64>,
    pub(crate) epoch: String,
}

impl Crowd {
    /// Registers them, and opens the rooms with everybody in.
    pub(crate) async fn gather(cluster: &Cluster, members: usize, guests: usize, rooms: usize) -> Self {
        let straight: Vec<Api> = cluster.nodes.iter().map(|node| api(&node.proxy.url())).collect();
        let any = api(&cluster.balancer.url());
        let mut all = Vec::new();
        for number in 0..members + guests {
            let kind = if number < members { "member" } else { "guest" };
            let person = Person::register(&straight[number % straight.len()], &format!("{kind}{number}")).await;
            let tokens = person.api.tokens().expect("signed in");
            let with_tokens = |way: &Api| {
                let api = support::people::fresh(way);
                api.resume_session(tokens.clone());
                api
            };
            all.push(Member {
                nodes: straight.iter().map(with_tokens).collect(),
                any: with_tokens(&any),
                person,
            });
        }
        let mut opened = Vec::new();
        for number in 0..rooms {
            opened.push(open(&all, &format!("room {number}")).await);
        }
        let owner = &all[0].person.api;
        let mut heads = BTreeMap::new();
        for room in owner.rooms().await.expect("rooms") {
            heads.insert(room.id, room.last_seq);
        }
        heads.retain(|room, _| opened.contains(room));
        let epoch = owner.server_info().await.expect("server info").epoch;
        let guests = all.split_off(members);
        Self {
            members: all,
            guests,
            rooms: opened,
            heads,
            epoch,
        }
    }

    pub(crate) fn everybody(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().chain(&self.guests)
    }
}

/// Newcomers see nothing from before they came, so that a removed guest has much not to see.
async fn open(all: &[Member], name: &str) -> Uuid {
    let open = OpenRoom {
        kind: RoomKind::Private,
        name: name.to_owned(),
        topic: String::new(),
        description: String::new(),
        history: Some(History::Joined),
        members: all[1..].iter().map(Member::id).collect(),
    };
    let room = all[0].person.api.open_room(&open).await;
    room.unwrap_or_else(|error| panic!("{name}: {error}")).id
}

fn api(url: &str) -> Api {
    Api::new(url).expect("a URL")
}
