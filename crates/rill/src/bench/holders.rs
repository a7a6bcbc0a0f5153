//! Connections that do nothing, held by processes of their own: as many of those as it takes, since each may open only
//! so many files.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{TryRecvError, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::people;
use super::settings::Settings;
use super::swarm::Swarm;
use super::swarm::greeting::Transport;
use super::target::{Floor, connections_max, open_all};

/// Connections that a process is asked for at a time, so that people see how far it has come.
const AT_ONCE: usize = 500;
/// How long a process looks after its connections before it looks for another order.
const TURN: Duration = Duration::from_millis(5);

/// Where connections lead to, and who they are: the first line that a process is told.
#[derive(Serialize, Deserialize)]
pub struct Place {
    pub addresses: Vec<SocketAddr>,
    pub host: String,
    pub transport: String,
    /// Of the accounts, in turn; none for bare sockets.
    pub tokens: Vec<String>,
}

/// The processes, which end with this.
pub struct Holders {
    holders: Vec<Holder>,
    each_max: usize,
}

struct Holder {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    open: usize,
}

impl Holders {
    /// Starts enough of them for so many connections, on the core of the load.
    pub fn start(settings: &Settings, place: &Place, connections: usize) -> Result<Self> {
        let each_max = connections_max(settings);
        let holders = (0..connections.div_ceil(each_max))
            .map(|_| Holder::start(settings, place))
            .collect::<Result<_>>()?;
        Ok(Self { holders, each_max })
    }

    /// Opens connections until there are so many; `tell` hears how many there are.
    pub fn grow_to(&mut self, connections: usize, tell: &mut dyn FnMut(usize)) -> Result<()> {
        let mut open: usize = self.holders.iter().map(|holder| holder.open).sum();
        for holder in &mut self.holders {
            while open < connections && holder.open < self.each_max {
                let more = AT_ONCE.min(connections - open).min(self.each_max - holder.open);
                holder.open_more(more)?;
                open += more;
                tell(open);
            }
        }
        Ok(())
    }

    /// None was lost.
    pub fn all_are_there(&mut self) -> Result<()> {
        self.holders.iter_mut().try_for_each(|holder| holder.open_more(0))
    }
}

impl Holder {
    fn start(settings: &Settings, place: &Place) -> Result<Self> {
        let own = std::env::current_exe().context("this program does not find itself")?;
        let mut child = Command::new(&own)
            .args(["bench", "pinned"])
            .args(settings.cores.load.map(|core| format!("--core={core}")))
            .arg("--")
            .arg(&own)
            .args(["bench", "hold"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("this program does not start")?;
        let mut orders = child.stdin.take().context("it has an input")?;
        let answers = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        writeln!(orders, "{}", serde_json::to_string(place)?)?;
        Ok(Self {
            child,
            orders,
            answers,
            open: 0,
        })
    }

    fn open_more(&mut self, more: usize) -> Result<()> {
        // Where it has ended, the last thing that it said tells why.
        let _ = writeln!(self.orders, "{more}");
        self.open += more;
        let answer = self
            .answers
            .next()
            .context("a process that holds connections ended")??;
        ensure!(
            answer == self.open.to_string(),
            "of {} connections: {answer}",
            self.open
        );
        Ok(())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `rill bench hold`: opens as many more connections as each line asks for, says how many it holds then, and holds them
/// until its input ends; or says why not.
pub fn run() -> Result<()> {
    let (sender, orders) = sync_channel(1);
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    let place: Place = serde_json::from_str(&orders.recv().context("it is told nothing")?)?;
    let transport = Transport::of(&place.transport);
    let greetings = match &place.tokens[..] {
        [] => Floor::greeting(transport),
        tokens => people::greetings(tokens, &place.host, transport, Some(&people::follow(None)?)),
    };
    let mut swarm = Swarm::new()?;
    loop {
        match orders.try_recv() {
            Ok(order) => {
                let opened = open_all(&mut swarm, &place.addresses, &greetings, order.parse()?, &mut |_| {});
                match opened {
                    Ok(()) => println!("{}", swarm.ready),
                    Err(why) => println!("{why:#}"),
                }
            }
            Err(TryRecvError::Empty) => swarm.turn(TURN, &mut |_| {})?,
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        if swarm.lost > 0 {
            let why = swarm.why.as_deref().unwrap_or_default();
            println!("{} connections were lost: {why}", swarm.lost);
            bail!("connections were lost");
        }
    }
}
