//! The sandbox: uploads are parsed in a child process of this same program, with limits.
//!
//! # Threat
//!
//! Libraries for pictures, PDFs and spreadsheets read bytes that strangers sent. A fault in them,
//! or a file that expands without end, must neither stop the service nor reach its keys and its
//! database.
//!
//! # Isolation
//!
//! The child runs the task `read-upload`. It inherits no environment variable and no open file,
//! starts in `/`, reads the upload from standard input and writes the result to standard output.
//! Before it reads anything it limits itself ([`confine`]): memory, CPU time, no core dump, and no
//! new file descriptor, so it can open neither files nor sockets. It has the user id of the
//! service; there is no namespace and no system call filter.
//!
//! # Limits
//!
//! At most two children run at the same time; further uploads wait a minute for their turn. A child
//! has a minute of real time. Input and output are limited per kind of upload ([`Upload`]). A
//! failure becomes a [`SandboxError`], and the child is killed when its future is dropped.

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

/// The memory of a child, the program itself included, in bytes (`RLIMIT_AS`). A photograph of 108
/// megapixels needs 400 MB while it is decoded and scaled down; a picture of 16 bits a colour as
/// large as is accepted needs 560 MB.
const MEMORY_MAX: u64 = 768 * 1024 * 1024;
/// The CPU time of a child, in seconds, and its real time.
const CPU_SECONDS_MAX: u64 = 30;
const WALL_TIME_MAX: Duration = Duration::from_mins(1);
/// How many children run at the same time, and how long an upload waits for its turn.
const PROCESSES_MAX: usize = 2;
const QUEUE_WAIT_MAX: Duration = Duration::from_mins(1);

/// A kind of upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Upload {
    /// A spreadsheet or CSV file. The result is its lines as JSON.
    Table,
    /// A picture. The result is a JPEG, or the reason that there is none as JSON.
    Picture,
    /// An encrypted PDF. The result is empty, or the reason that it cannot be opened as JSON.
    Document,
    /// A logo. The result is a small PNG, or the reason that there is none as JSON.
    Logo,
}

impl Upload {
    /// The most bytes of input.
    #[must_use]
    pub fn input_max(self) -> u64 {
        match self {
            Self::Table => 64 * 1024 * 1024,
            Self::Picture | Self::Document | Self::Logo => 16 * 1024 * 1024,
        }
    }

    /// The most bytes of output.
    fn output_max(self) -> u64 {
        match self {
            Self::Table => 32 * 1024 * 1024,
            Self::Picture => 16 * 1024 * 1024,
            Self::Document => 1024,
            Self::Logo => 1024 * 1024,
        }
    }
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("many files are being read at the moment")]
    Busy,
    #[error("the file could not be read")]
    Unreadable,
}

/// Starts a child for each upload, and limits their number.
#[derive(Clone, Debug)]
pub struct Sandbox {
    program: PathBuf,
    slots: Arc<Semaphore>,
}

impl Sandbox {
    /// Uses the program that is running. On Linux `/proc/self/exe` still is that program after its
    /// file was replaced by a newer one.
    pub fn with_current_exe() -> io::Result<Self> {
        let program = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe()?
        };
        Ok(Self::with_program(program))
    }

    /// Uses a program that has the task `read-upload`.
    #[must_use]
    pub fn with_program(program: PathBuf) -> Self {
        Self {
            program,
            slots: Arc::new(Semaphore::new(PROCESSES_MAX)),
        }
    }

    /// Reads an upload in a child and returns the result. An error of `input` is passed on.
    pub async fn run<E: From<SandboxError>>(
        &self,
        upload: Upload,
        input: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Vec<u8>, E> {
        let Ok(Ok(_turn)) = timeout(QUEUE_WAIT_MAX, self.slots.acquire()).await else {
            return Err(SandboxError::Busy.into());
        };
        timeout(WALL_TIME_MAX, self.run_child(upload, input))
            .await
            .unwrap_or_else(|_| {
                tracing::warn!(?upload, "reading an upload took too long and was ended");
                Err(SandboxError::Unreadable.into())
            })
    }

    async fn run_child<E: From<SandboxError>>(
        &self,
        upload: Upload,
        input: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Vec<u8>, E> {
        let not_started = |cause: io::Error| {
            tracing::error!(
                %cause, program = %self.program.display(),
                "no process could be started to read an upload"
            );
            SandboxError::Busy
        };
        let mut child = self.start(upload).map_err(not_started)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SandboxError::Busy.into());
        };
        let (fed, output) = futures::join!(
            write_input(stdin, input),
            read_output(stdout, upload.output_max())
        );
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

    /// Starts the child without environment, and such that it is killed when the caller is dropped.
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

/// Writes the upload to the child. A failed write is not an error here: the child has ended, and
/// its exit status decides.
async fn write_input<E>(
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

/// Reads the output of the child. `None` if it is larger than `most`.
async fn read_output(stdout: ChildStdout, most: u64) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    stdout.take(most + 1).read_to_end(&mut output).await.ok()?;
    (output.len() as u64 <= most).then_some(output)
}

/// Limits this process: memory, CPU time, no core dump, no new file descriptor. Call it before
/// reading the upload.
///
/// On Linux a limit that cannot be set is an error. Other systems may lack some limits, which are
/// then skipped.
pub fn confine() -> io::Result<()> {
    // If the machine runs out of memory, this process is killed before the service. Serving pages
    // has priority over reading uploads.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = nice(10);
    let bounds = [
        (Resource::As, MEMORY_MAX),
        (Resource::Cpu, CPU_SECONDS_MAX),
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
