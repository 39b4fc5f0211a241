//! Opening a database by its URL, and running its migrations.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::sqlite::SqliteWriter;
use super::{PostgresPools, SqlitePools, Store, StoreError, StoreResult};

/// The size of the pool of PostgreSQL, and of that of SQLite's readers.
const CONNECTIONS_MAX: u32 = 12;
/// The size of the second pool of PostgreSQL, for appends and projections.
const WRITER_CONNECTIONS_MAX: u32 = 2;

impl Store {
    /// Opens the database at a `sqlite://` or `postgres://` URL and runs its migrations.
    ///
    /// Fails with [`StoreError::Locked`] if another process has the SQLite file open for writing,
    /// with [`StoreError::UnknownEngine`] for another kind of URL, and with
    /// [`StoreError::SchemaTooNew`] if a newer program has migrated the database.
    pub async fn open(url: &str) -> StoreResult<Self> {
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

    /// Opens an SQLite database read-only, also while another process writes it. A PostgreSQL
    /// database is opened as usual, but not migrated.
    pub async fn open_read_only(url: &str) -> StoreResult<Self> {
        let Some(path) = url.strip_prefix("sqlite://") else {
            return Ok(Self::Postgres(open_postgres(url).await?));
        };
        let file = canonical_file(path_without_query(path))?;
        let failed = |cause| StoreError::File {
            file: file.display().to_string(),
            cause,
        };
        // A placeholder for the lock file, which is not locked here.
        let lock = Arc::new(File::open(&file).map_err(failed)?);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .busy_timeout(Duration::from_secs(5))
            .read_only(true);
        let readers = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options.clone())
            .await?;
        Ok(Self::Sqlite(SqlitePools {
            writer: SqliteWriter::new(options),
            readers,
            lock,
        }))
    }

    /// Copies an SQLite database into a file that does not exist yet, also while another process
    /// writes it. The copy is consistent. Returns its URL.
    pub async fn copy_sqlite(url: &str, to: &Path) -> StoreResult<String> {
        let store = Self::open_read_only(url).await?;
        if let Self::Sqlite(pools) = &store {
            sqlx::query("VACUUM INTO $1")
                .bind(to.display().to_string())
                .execute(&pools.readers)
                .await?;
        }
        store.close().await;
        Ok(format!("sqlite://{}", to.display()))
    }

    /// The file of an SQLite database with symbolic links resolved. `None` for another engine, or
    /// if the folder does not exist, or if the file has several hard links. The file need not exist
    /// yet.
    #[must_use]
    pub fn file(url: &str) -> Option<PathBuf> {
        canonical_file(path_without_query(url.strip_prefix("sqlite://")?)).ok()
    }

    async fn migrate(&self) -> StoreResult<()> {
        match self {
            Self::Postgres(server) => {
                sqlx::migrate!("migrations/postgres")
                    .run(&server.pool)
                    .await?;
            }
            Self::Sqlite(lite) => {
                let mut writer = lite.writer.acquire().await?;
                sqlx::migrate!("migrations/sqlite")
                    .run(&mut *writer)
                    .await?;
                writer.release();
            }
        }
        Ok(())
    }
}

async fn open_postgres(url: &str) -> StoreResult<PostgresPools> {
    let options = PgConnectOptions::from_str(url)?.application_name("microgrants");
    let pool = |most| {
        PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
    };
    // Plan each execution anew: a generic plan made while a table was small would be used when it
    // is large.
    let fresh = options
        .clone()
        .options([("plan_cache_mode", "force_custom_plan")]);
    // These connections look rows up by unique keys only, and planning would take longer than
    // execution. They lock the head of the log, so the server must soon notice that a client is
    // gone: the keep-alives detect it within 25 s.
    let steady = options.options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
    ]);
    let steady = steady.options([
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]);
    Ok(PostgresPools {
        pool: pool(CONNECTIONS_MAX).connect_with(fresh).await?,
        writers: pool(WRITER_CONNECTIONS_MAX).connect_lazy_with(steady),
    })
}

/// The size of SQLite's write-ahead log at which it is moved into the database: 8,192 pages are 32
/// MiB. A checkpoint waits for the disk twice, and writes a page once that was changed many times.
const WAL_AUTOCHECKPOINT_PAGES: &str = "8192";

/// Opens one connection for writing and a pool for reading. A lock file keeps other processes from
/// writing.
async fn open_sqlite(path: &str) -> StoreResult<SqlitePools> {
    let named = path_without_query(path);
    if let Some(folder) = named
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|cause| StoreError::File {
            file: folder.display().to_string(),
            cause,
        })?;
    }
    let file = canonical_file(named)?;
    let lock = acquire_lock_file(&file)?;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)
        .pragma("recursive_triggers", "ON")
        .pragma("secure_delete", "ON");
    let writer = SqliteWriter::new(options.clone().create_if_missing(true));
    writer.acquire().await?.release();
    // A connection is a thread of this process, so testing it before each use would cost a round
    // trip and detect nothing.
    let readers = SqlitePoolOptions::new()
        .test_before_acquire(false)
        .max_connections(CONNECTIONS_MAX)
        .min_connections(1);
    let readers = readers.connect_with(options.read_only(true)).await?;
    Ok(SqlitePools {
        writer,
        readers,
        lock: Arc::new(lock),
    })
}

/// The path in an SQLite URL; `None` for another engine.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite://").map(path_without_query)
}

/// The path without query parameters.
fn path_without_query(path: &str) -> &Path {
    Path::new(path.split('?').next().unwrap_or(path))
}

/// The canonical path of a database file, which may not exist yet. The lock file is named after it,
/// so all processes must use the same path; symbolic links are therefore resolved. Fails with
/// [`StoreError::HardLinks`] if the file has several hard links, as none of its names is canonical.
fn canonical_file(file: &Path) -> StoreResult<PathBuf> {
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

/// Like `canonicalize`, but the file itself need not exist, only its folder.
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

fn acquire_lock_file(database: &Path) -> StoreResult<File> {
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
