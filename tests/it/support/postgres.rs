//! A throwaway PostgreSQL server, from the binaries on this machine, as an unprivileged user on a
//! free port.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// User id of `nobody`: PostgreSQL refuses to run as root.
const NOBODY_UID: u32 = 65534;

/// The database of every server of which an empty one is a copy.
const EMPTY: &str = "template1";

/// Whether a commit waits for the disk. Without the wait it is lost if the machine fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commits {
    Durable,
    Quick,
}

/// A server with its data in a folder.
pub struct Cluster {
    port: u16,
    data: PathBuf,
    commits: Commits,
    _folder: TempDir,
    /// A shell that ends the server when its standard input closes, that is, when this process
    /// ends.
    keeper: Option<Child>,
}

/// The folder of the server's binaries, if the build found one.
fn binaries() -> Option<&'static Path> {
    option_env!("POSTGRES_BINARIES").map(Path::new)
}

/// Whether PostgreSQL is installed.
pub fn is_available() -> bool {
    binaries().is_some()
}

/// Creates an empty database on a server that all cases share. Returns its address.
///
/// Cases ask for quick commits, because the wait for the disk would take most of their time, and
/// none of them needs what it wrote after the machine has failed. Benches measure the wait.
pub async fn new_database(commits: Commits) -> String {
    static DURABLE: OnceLock<Cluster> = OnceLock::new();
    static QUICK: OnceLock<Cluster> = OnceLock::new();
    let shared = match commits {
        Commits::Durable => &DURABLE,
        Commits::Quick => &QUICK,
    };
    let name = next_name();
    if let Ok(server) = std::env::var("MICROGRANTS_TEST_POSTGRES") {
        return create_database(server.trim_end_matches('/'), &name, EMPTY).await;
    }
    let begin = move || {
        let mut cluster = Cluster::create();
        cluster.commits = commits;
        cluster.start();
        cluster
    };
    let server = tokio::task::spawn_blocking(move || shared.get_or_init(begin))
        .await
        .expect("the server starts");
    server.new_database(&name).await
}

/// Copies the database at an address, to which nothing may be connected. Returns the copy's
/// address.
pub async fn copy_of(url: &str) -> String {
    let (server, template) = url.rsplit_once('/').expect("the address of a database");
    create_database(server, &next_name(), template).await
}

/// A name that no other database of the server has.
fn next_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("case_{}_{number}", std::process::id())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// A program of PostgreSQL, run as an unprivileged user.
fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    if is_root() {
        command.uid(NOBODY_UID).gid(NOBODY_UID);
    }
    command.current_dir("/");
    command
}

/// Sends a signal to a process. Returns whether there is such a process.
fn signal(pid: &str, signal: &str) -> bool {
    Command::new("kill")
        .args([signal, pid])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A free port outside of the ranges from which Linux and macOS choose ports by themselves, so that
/// nobody takes it while the server is down.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id() % 16_000;
    let start = u16::try_from(start).expect("below 16,000");
    (0..16_000)
        .map(|_| 16_000 + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 16_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

fn bin() -> &'static Path {
    binaries().expect("whoever asks has looked whether PostgreSQL is there")
}

impl Cluster {
    pub fn create() -> Self {
        Self::create_in(&std::env::temp_dir())
    }

    pub fn create_in(place: &Path) -> Self {
        let folder =
            TempDir::with_prefix_in("microgrants-postgres", place).expect("a temporary folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a data folder");
        if is_root() {
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))
                .expect("a folder others may enter");
            std::os::unix::fs::chown(&data, Some(NOBODY_UID), Some(NOBODY_UID))
                .expect("a folder given away");
        }
        let mut initdb = program(bin().join("initdb"));
        initdb
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null());
        assert!(
            initdb.status().expect("initdb runs").success(),
            "initdb made a cluster"
        );
        Self {
            port: free_port(),
            data,
            commits: Commits::Durable,
            _folder: folder,
            keeper: None,
        }
    }

    /// Starts the server unless it is running, and waits until it is ready.
    pub fn start(&mut self) {
        let since = Instant::now();
        while !self.is_ready() {
            assert!(
                since.elapsed() < Duration::from_mins(1),
                "the server answers within a minute: {}",
                self.last_log_lines()
            );
            // After a kill, its child processes may still be exiting. Then the server exits
            // immediately, and is started again.
            if self.keeper_has_ended() {
                self.keeper = Some(self.spawn_keeper());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn last_log_lines(&self) -> String {
        let log = std::fs::read_to_string(self.data.join("server.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn keeper_has_ended(&mut self) -> bool {
        self.keeper
            .as_mut()
            .is_none_or(|keeper| keeper.try_wait().is_ok_and(|ended| ended.is_some()))
    }

    fn spawn_keeper(&self) -> Child {
        // When this process exits, the pipe closes, the server ends, and its data is removed.
        let script = r#"exec 3<&0; "$0" "$@" >>"$LOG" 2>&1 & server=$!
            {
                read -r _ <&3
                kill -INT $server && while kill -0 $server; do sleep 0.2; done && rm -rf "$DATA"
            } 2>/dev/null &
            wait $server"#;
        let mut keeper = program("sh");
        keeper
            .args(["-c", script])
            .arg(bin().join("postgres"))
            .arg("-D")
            .arg(&self.data);
        keeper.args([
            "-p",
            &self.port.to_string(),
            "-h",
            "127.0.0.1",
            "-k",
            "",
            "-c",
            "max_connections=1200",
        ]);
        if self.commits == Commits::Quick {
            keeper.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        keeper
            .env("LOG", self.data.join("server.log"))
            .env("DATA", &self.data)
            .stdin(Stdio::piped())
            .spawn()
            .expect("the server starts")
    }

    /// Whether it runs, reports itself ready in its own file, and accepts connections. A killed
    /// server leaves a file that says "ready".
    fn is_ready(&self) -> bool {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let mut lines = file.lines();
        lines.next().is_some_and(|pid| signal(pid, "-0"))
            && lines.any(|line| line.trim() == "ready")
            && std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// Kills the postmaster, and waits until it is gone: until then it would still accept
    /// connections. Its child processes notice.
    pub fn kill(&mut self) {
        let pid = self.postmaster_pid();
        assert!(signal(&pid, "-9"), "it can be killed");
        // Not `wait`, which closes the pipe: a keeper whose pipe closes removes the data.
        while !self.keeper_has_ended() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Process id of the postmaster.
    fn postmaster_pid(&self) -> String {
        let lines = std::fs::read_to_string(self.data.join("postmaster.pid")).expect("it runs");
        lines.lines().next().expect("its number").to_owned()
    }

    /// Kills a backend process of the program. The server then ends all of them and recovers.
    /// Returns whether there was one.
    pub fn kill_backend(&self) -> bool {
        let children = Command::new("ps")
            .args(["--ppid", &self.postmaster_pid(), "-o", "pid=,args="])
            .output()
            .expect("ps runs")
            .stdout;
        let children = String::from_utf8_lossy(&children).into_owned();
        let serving = |line: &&str| line.contains("127.0.0.1(");
        let Some(number) = children
            .lines()
            .find(serving)
            .and_then(|line| line.split_whitespace().next())
        else {
            return false;
        };
        signal(number, "-9")
    }

    pub async fn new_database(&self, name: &str) -> String {
        let server = format!("postgres://postgres@127.0.0.1:{}", self.port);
        create_database(&server, name, EMPTY).await
    }
}

/// Creates a database on the server at this address as a copy of another one. Returns its address.
async fn create_database(server: &str, name: &str, template: &str) -> String {
    let mut connection =
        <sqlx::PgConnection as sqlx::Connection>::connect(&format!("{server}/postgres"))
            .await
            .expect("the server answers");
    sqlx::query(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
        .execute(&mut connection)
        .await
        .expect("a database can be made");
    format!("{server}/{name}")
}
