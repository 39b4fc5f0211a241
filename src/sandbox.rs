//! Reading what strangers sent in a process of its own: this same program, given nothing but the
//! bytes. It takes no more memory and time than it may, so that whatever a library does with the
//! bytes is an error message, and the service goes on.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How much memory such a process may take, the program itself included, in bytes.
const MEMORY_MOST: u64 = 512 * 1024 * 1024;
/// How long it may compute, in seconds, and how long it may take.
const CPU_MOST: u64 = 30;
const TIME_MOST: Duration = Duration::from_mins(1);
/// How many of them run at once, and how long an upload waits for its turn.
const TURNS: usize = 2;
const WAIT_MOST: Duration = Duration::from_mins(1);

/// What is read in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Upload {
    /// A table from elsewhere: its lines come out, as JSON.
    Table,
    /// A picture: it comes out painted anew.
    Picture,
}

impl Upload {
    /// How many bytes go in at most.
    #[must_use]
    pub fn input_most(self) -> u64 {
        match self {
            Self::Table => 64 * 1024 * 1024,
            Self::Picture => 16 * 1024 * 1024,
        }
    }

    /// How many bytes come out at most.
    fn output_most(self) -> u64 {
        match self {
            Self::Table => 32 * 1024 * 1024,
            Self::Picture => 16 * 1024 * 1024,
        }
    }
}

/// Why nothing came out.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("too many files are being read just now")]
    Busy,
    #[error("the file could not be read")]
    Unreadable,
}

/// Starts a process for each upload, so many at once.
#[derive(Clone, Debug)]
pub struct Sandbox {
    program: PathBuf,
    turns: Arc<Semaphore>,
}

impl Sandbox {
    /// By the program that runs. On Linux it is found even after a newer one was put in its place.
    ///
    /// # Errors
    /// When the system does not say where it lies.
    pub fn by_this_program() -> io::Result<Self> {
        let program = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe()?
        };
        Ok(Self::by(program))
    }

    /// By a program that knows the task `read-upload`.
    #[must_use]
    pub fn by(program: PathBuf) -> Self {
        Self {
            program,
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }

    /// What comes out of an upload.
    ///
    /// # Errors
    /// When it did not get its turn in time, could not be read within bounds, or did not arrive.
    pub async fn read<E: From<SandboxError>>(
        &self,
        upload: Upload,
        input: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Vec<u8>, E> {
        let Ok(Ok(_turn)) = timeout(WAIT_MOST, self.turns.acquire()).await else {
            return Err(SandboxError::Busy.into());
        };
        timeout(TIME_MOST, self.read_now(upload, input))
            .await
            .unwrap_or_else(|_| {
                tracing::warn!(?upload, "reading an upload took too long and was ended");
                Err(SandboxError::Unreadable.into())
            })
    }

    async fn read_now<E: From<SandboxError>>(
        &self,
        upload: Upload,
        input: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Vec<u8>, E> {
        let not_started = |cause: io::Error| {
            tracing::error!(%cause, program = %self.program.display(), "no process could be started to read an upload");
            SandboxError::Busy
        };
        let mut child = self.start(upload).map_err(not_started)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SandboxError::Busy.into());
        };
        let (fed, output) =
            futures::join!(feed(stdin, input), collect(stdout, upload.output_most()));
        fed?;
        let ended = child.wait().await.map_err(not_started)?;
        match output {
            Some(output) if ended.success() => Ok(output),
            _ => {
                tracing::debug!(?upload, %ended, "an upload could not be read");
                Err(SandboxError::Unreadable.into())
            }
        }
    }

    /// It knows no secret, sees no variable, and ends with whoever asked for it.
    fn start(&self, upload: Upload) -> io::Result<Child> {
        Command::new(&self.program)
            .args(["read-upload", upload.into()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Hands the bytes over. Where nobody reads them any more, how the process ended tells why.
async fn feed<E>(
    mut stdin: ChildStdin,
    input: impl Stream<Item = Result<Bytes, E>>,
) -> Result<(), E> {
    let mut input = std::pin::pin!(input);
    while let Some(part) = input.next().await {
        if stdin.write_all(&part?).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// What comes out, unless it is too much.
async fn collect(stdout: ChildStdout, most: u64) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    stdout.take(most + 1).read_to_end(&mut output).await.ok()?;
    (output.len() as u64 <= most).then_some(output)
}

/// Bounds this process, before it reads anything: memory, time, no file to open, and no picture of
/// its memory left behind. On Linux it does nothing where it cannot be bounded; elsewhere what the
/// system does not know is not bounded.
///
/// # Errors
/// When the system refuses a bound.
pub fn confine() -> io::Result<()> {
    // Where the machine has too little memory, this process is ended before the service; and pages
    // are served before uploads are read.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = nice(10);
    let bounds = [
        (Resource::As, MEMORY_MOST),
        (Resource::Cpu, CPU_MOST),
        (Resource::Core, 0),
        (Resource::Nofile, 0),
    ];
    for (resource, most) in bounds {
        let most = getrlimit(resource)
            .maximum
            .map_or(most, |known| known.min(most));
        let bound = setrlimit(
            resource,
            Rlimit {
                current: Some(most),
                maximum: Some(most),
            },
        );
        if cfg!(target_os = "linux") {
            bound?;
        }
    }
    Ok(())
}
