//! A keep-alive HTTP/1.1 connection, with only as much of HTTP as a load generator needs.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub struct Connection {
    host: String,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `127.0.0.1:PORT`.
    pub async fn connect_to(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            stream: connect(host).await,
            buffer: Vec::with_capacity(16 * 1024),
        }
    }

    /// Opens this many connections.
    pub async fn connect_many(
        host: &str,
        count: usize,
    ) -> std::sync::Arc<Vec<tokio::sync::Mutex<Self>>> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(tokio::sync::Mutex::new(Self::connect_to(host).await));
        }
        all.into()
    }

    /// Sends a request and reads the status and body of the answer. Reconnects once if the server
    /// closed the connection before sending any part of an answer, as any client would.
    pub async fn ask(&mut self, request: &[u8]) -> (u16, &[u8]) {
        let mut opened_again = false;
        self.stream
            .write_all(request)
            .await
            .expect("it takes a request");
        self.buffer.clear();
        let (mut head, mut length) = (0, 0);
        loop {
            if head == 0
                && let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n")
            {
                head = end + 4;
                length = content_length(&self.buffer[..end]);
            }
            if head > 0 && self.buffer.len() >= head + length {
                break;
            }
            if self
                .stream
                .read_buf(&mut self.buffer)
                .await
                .is_ok_and(|read| read > 0)
            {
                continue;
            }
            assert!(self.buffer.is_empty() && !opened_again, "it went away");
            opened_again = true;
            self.stream = connect(&self.host).await;
            self.stream
                .write_all(request)
                .await
                .expect("it takes a request");
        }
        let status = std::str::from_utf8(&self.buffer[9..12])
            .ok()
            .and_then(|status| status.parse().ok())
            .expect("a status");
        (status, &self.buffer[head..head + length])
    }

    pub async fn send_ok(&mut self, request: &[u8]) {
        let (status, body) = self.ask(request).await;
        assert!(
            (200..300).contains(&status),
            "{status} {}",
            String::from_utf8_lossy(body)
        );
    }
}

async fn connect(host: &str) -> TcpStream {
    let stream = TcpStream::connect(host).await.expect("it answers");
    stream.set_nodelay(true).expect("an option of TCP");
    stream
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .expect("a length");
    line.trim().parse().expect("a number")
}

pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}

pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}
