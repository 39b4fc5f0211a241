//! Opening a database by its address, and bringing it up to date.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::lite::Writer;
use super::{Lite, Server, Store, StoreError, Stored};

/// How many connections a process keeps to PostgreSQL, and how many readers to SQLite.
const CONNECTIONS: u32 = 12;
/// How many more append to PostgreSQL and move the views on.
const WRITERS: u32 = 2;

impl Store {
    /// Opens the database at a `sqlite://` or `postgres://` address and runs its migrations.
    ///
    /// # Errors
    /// When the address is of neither kind, another process writes the SQLite file, or the database
    /// is not to be had.
    pub async fn open(url: &str) -> Stored<Self> {
        let store = if let Some(path) = url.strip_prefix("sqlite://") {
            Self::Sqlite(open_sqlite(path).await?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::Postgres(open_postgres(url).await?)
        } else {
            return Err(StoreError::UnknownEngine(
                url.split(':').next().unwrap_or_default().to_owned(),
            ));
        };
        store.migrate().await?;
        Ok(store)
    }

    /// Opens a database for reading only, also while another process writes it.
    ///
    /// # Errors
    /// When the address is of neither kind, or the database is not to be had.
    pub async fn open_to_read(url: &str) -> Stored<Self> {
        let Some(path) = url.strip_prefix("sqlite://") else {
            return Ok(Self::Postgres(open_postgres(url).await?));
        };
        let file = real_name(named(path))?;
        let failed = |cause| StoreError::File {
            file: file.display().to_string(),
            cause,
        };
        // Nobody locks the database file itself: it stands for a lock that is not held.
        let lock = Arc::new(File::open(&file).map_err(failed)?);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .busy_timeout(Duration::from_secs(5))
            .read_only(true);
        let readers = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options.clone())
            .await?;
        Ok(Self::Sqlite(Lite {
            writer: Writer::new(options),
            readers,
            lock,
        }))
    }

    /// The file of an SQLite database, whatever links lead to it; none of another kind of database,
    /// or where there is none yet.
    #[must_use]
    pub fn file(url: &str) -> Option<PathBuf> {
        real_name(named(url.strip_prefix("sqlite://")?)).ok()
    }

    async fn migrate(&self) -> Stored<()> {
        match self {
            Self::Postgres(server) => {
                sqlx::migrate!("migrations/postgres")
                    .run(&server.pool)
                    .await?;
            }
            Self::Sqlite(lite) => {
                let mut writer = lite.writer.take().await?;
                sqlx::migrate!("migrations/sqlite")
                    .run(&mut *writer)
                    .await?;
                writer.leave();
            }
        }
        Ok(())
    }
}

async fn open_postgres(url: &str) -> Stored<Server> {
    let options = PgConnectOptions::from_str(url)?.application_name("microgrants");
    let pool = |most| {
        PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
    };
    // A plan that was made while a table was small would be used when it is large.
    let fresh = options
        .clone()
        .options([("plan_cache_mode", "force_custom_plan")]);
    // These look rows up by unique keys and no otherwise: planning would take longer than the work.
    // They hold the head of the log, so the server soon notices when one of them is gone without a
    // word.
    let steady = options.options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
    ]);
    let steady = steady.options([
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]);
    Ok(Server {
        pool: pool(CONNECTIONS).connect_with(fresh).await?,
        writers: pool(WRITERS).connect_lazy_with(steady),
    })
}

/// How many pages SQLite's write-ahead log takes before they are moved into the database: 32 MiB.
/// Moving them waits for the disk twice, and pages that are written again and again are moved once.
const LOG_PAGES: &str = "8192";

/// One connection writes, with a lock beside the file so that no other process does; the others
/// only read.
async fn open_sqlite(path: &str) -> Stored<Lite> {
    let named = named(path);
    if let Some(folder) = named
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|cause| StoreError::File {
            file: folder.display().to_string(),
            cause,
        })?;
    }
    let file = real_name(named)?;
    let lock = lock_beside(&file)?;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .pragma("wal_autocheckpoint", LOG_PAGES)
        .pragma("recursive_triggers", "ON")
        .pragma("secure_delete", "ON");
    let writer = Writer::new(options.clone().create_if_missing(true));
    writer.take().await?.leave();
    // A connection is a thread of this process: asking whether it is still there would be a round
    // trip to it each time.
    let readers = SqlitePoolOptions::new()
        .test_before_acquire(false)
        .max_connections(CONNECTIONS)
        .min_connections(1);
    let readers = readers.connect_with(options.read_only(true)).await?;
    Ok(Lite {
        writer,
        readers,
        lock: Arc::new(lock),
    })
}

/// The database file of an address of SQLite's.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite://").map(named)
}

/// The file that an address names.
fn named(path: &str) -> &Path {
    Path::new(path.split('?').next().unwrap_or(path))
}

/// The one name of a database file, whatever links lead to it: a lock that goes by a name keeps
/// other processes out only if all of them use the same one. With several hard links there is none.
fn real_name(file: &Path) -> Stored<PathBuf> {
    let real = follow_links(file).map_err(|cause| StoreError::File {
        file: file.display().to_string(),
        cause,
    })?;
    match real.metadata() {
        Ok(found) if found.is_file() && found.nlink() > 1 => {
            Err(StoreError::HardLinks(real.display().to_string()))
        }
        _ => Ok(real),
    }
}

/// Follows links also to a file that does not exist yet, in a folder that does.
fn follow_links(file: &Path) -> io::Result<PathBuf> {
    match file.canonicalize() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
        .canonicalize()?;
    match file.read_link() {
        Ok(target) => follow_links(&folder.join(target)),
        Err(_) => Ok(folder.join(file.file_name().unwrap_or_default())),
    }
}

fn lock_beside(database: &Path) -> Stored<File> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let file = File::create(&name).map_err(|cause| StoreError::File {
        file: name.display().to_string(),
        cause,
    })?;
    file.try_lock()
        .map_err(|_| StoreError::Locked(database.display().to_string()))?;
    Ok(file)
}
