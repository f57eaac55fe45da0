//! nginx as operators put it in front: it routes by path, and tries the next server where a
//! request was not sent yet.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::node::{eventually, free_port};

/// A running nginx.
pub(crate) struct Nginx {
    process: Child,
    pub(crate) port: u16,
}

impl Nginx {
    /// Starts nginx; `port` is where it listens, so that others could be told before.
    pub(crate) async fn start(
        directory: &Path,
        port: u16,
        indexers: &[u16],
        matchers: &[u16],
    ) -> Self {
        let upstream = |name: &str, ports: &[u16]| {
            let mut text = format!("upstream {name} {{\n");
            for port in ports {
                writeln!(text, "server 127.0.0.1:{port} max_fails=0;").unwrap();
            }
            text + "}\n"
        };
        let root = directory.display();
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid {root}/nginx.pid;\nerror_log {root}/nginx.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\naccess_log off;\nclient_body_temp_path {root}/body;\n\
             proxy_temp_path {root}/proxy;\nfastcgi_temp_path {root}/fastcgi;\n\
             uwsgi_temp_path {root}/uwsgi;\nscgi_temp_path {root}/scgi;\n\
             proxy_read_timeout 120s;\nproxy_http_version 1.1;\n{}{}\
             server {{\nlisten 127.0.0.1:{port};\n\
             location /indexer/ {{ proxy_pass http://indexers; }}\n\
             location /matcher/ {{ proxy_pass http://matchers; }}\n}}\n}}\n",
            upstream("indexers", indexers),
            upstream("matchers", matchers),
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let process = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed by ./test");
        eventually(|| async {
            let connected = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
            connected.ok()
        })
        .await;
        Self { process, port }
    }

    /// Chooses where nginx will listen.
    pub(crate) fn choose_port() -> u16 {
        free_port()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
