//! The provider: a process of its own, so that its work is not counted as anybody's, and as little work as possible.

use crate::{
    LOAD_CORE, Result,
    process::{self, Child},
    request::{Shape, Stream, answer},
};
use bytes::Bytes;
use std::{
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::Stdio,
    rc::Rc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinSet, LocalSet},
};

/// Between the first event and the others of a paced stream.
const PAUSE: Duration = Duration::from_millis(1);

/// The upstream as the bench sees it.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    _child: Child,
}

impl Upstream {
    pub(crate) fn start() -> Result<Self> {
        let mut command = process::pinned(LOAD_CORE, &std::env::current_exe()?);
        command.arg("--upstream").stdout(Stdio::piped());
        let mut child = Child(command.spawn()?);
        let said = child.0.stdout.take().ok_or("the upstream has no output")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        Ok(Self {
            addr: line.trim().parse()?,
            _child: child,
        })
    }
}

#[derive(Debug)]
struct Answers {
    whole: Bytes,
    stream: Stream,
}

/// Runs until it is killed.
pub(crate) async fn run() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    let answers = Rc::new(Answers {
        whole: answer(),
        stream: Stream::new(),
    });
    LocalSet::new()
        .run_until(async {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                // A gateway that closes an idle connection is no failure.
                connections.spawn_local(serve(stream, Rc::clone(&answers)));
                while connections.try_join_next().is_some() {}
            }
        })
        .await
}

async fn serve(mut stream: TcpStream, answers: Rc<Answers>) -> io::Result<()> {
    let mut buf = Vec::with_capacity(512 * 1024);
    loop {
        buf.clear();
        let Some(body) = request(&mut stream, &mut buf).await? else {
            return Ok(());
        };
        match Shape::of(buf.get(body..).unwrap_or_default()) {
            Shape::Burst => {
                for burst in &answers.stream.bursts {
                    stream.write_all(burst).await?;
                    tokio::task::yield_now().await;
                }
            }
            Shape::Paced => {
                stream.write_all(&answers.stream.first).await?;
                tokio::time::sleep(PAUSE).await;
                stream.write_all(&answers.stream.rest).await?;
            }
            Shape::Held => {
                stream.write_all(&answers.stream.first).await?;
                return stream.read(&mut [0]).await.map(|_| ());
            }
            Shape::Single | Shape::Plain | Shape::Large => {
                stream.write_all(&answers.whole).await?;
            }
        }
    }
}

/// Reads one request; says where its body starts. None at the end.
async fn request(stream: &mut TcpStream, buf: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if stream.read_buf(buf).await? == 0 {
            return Ok(None);
        }
        let Some(head) = memchr::memmem::find(buf, b"\r\n\r\n") else {
            continue;
        };
        let body = head + 4;
        let length = crate::load::content_length(buf.get(..body).unwrap_or_default())
            .ok_or_else(|| io::Error::other("a request without content-length"))?;
        while buf.len() < body + length {
            if stream.read_buf(buf).await? == 0 {
                return Ok(None);
            }
        }
        return Ok(Some(body));
    }
}
