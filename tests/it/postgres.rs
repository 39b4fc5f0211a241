//! A throwaway PostgreSQL server, from the binaries on this machine, as an unprivileged user, on a free port.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The user that nobody is: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

struct Server {
    port: u16,
    _folder: TempDir,
    /// Ends the server when this process ends and its standard input closes.
    _keeper: Child,
}

/// Where the server's binaries are, if they are anywhere.
fn binaries() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
        let on_path = std::env::var("PATH").unwrap_or_default();
        let on_path = on_path.split(':').map(PathBuf::from).collect::<Vec<_>>();
        versions.chain(on_path).filter(|folder| folder.join("initdb").exists() && folder.join("postgres").exists()).max()
    });
    found.as_deref()
}

/// Whether PostgreSQL can be had here.
pub fn is_there() -> bool {
    binaries().is_some()
}

/// Makes an empty database, and gives its address.
pub async fn new_database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(start)).await.expect("the server starts");
    let name = format!("case_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let address = |database: &str| format!("postgres://postgres@127.0.0.1:{}/{database}", server.port);
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&address("postgres")).await.expect("the server answers");
    sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut connection).await.expect("a database can be made");
    address(&name)
}

fn start() -> Server {
    let bin = binaries().expect("whoever asks has looked whether PostgreSQL is there");
    let folder = TempDir::with_prefix("microgrants-postgres").expect("a temporary folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a data folder");
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if root {
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("a folder others may enter");
        std::os::unix::fs::chown(&data, Some(NOBODY), Some(NOBODY)).expect("a folder given away");
    }
    let as_nobody = |command: &mut Command| {
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.current_dir("/");
    };
    let mut initdb = Command::new(bin.join("initdb"));
    initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D"]).arg(&data).stdout(Stdio::null());
    as_nobody(&mut initdb);
    assert!(initdb.status().expect("initdb runs").success(), "initdb made a cluster");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let script = r#""$0" "$@" >"$LOG" 2>&1 & server=$!; read -r _; kill -INT $server; wait $server"#;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", script]).arg(bin.join("postgres")).arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""]);
    keeper.args(["-c", "max_connections=300"]).env("LOG", data.join("server.log")).stdin(Stdio::piped());
    as_nobody(&mut keeper);
    let keeper = keeper.spawn().expect("the server starts");
    let since = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "the server answers within half a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(300));
    Server { port, _folder: folder, _keeper: keeper }
}
