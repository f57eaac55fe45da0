//! The distributions that are judged by Red Hat's documents.

use limpid_testkit::layer::LayerBuilder;
use limpid_testkit::system::RpmDatabase::Sqlite;
use limpid_testkit::system::{system, with_rpms};
use serde_json::{Value, json};

use super::{check, report};

/// A document of Red Hat's about one CVE: per line, a status, the CPE of a product and the package
/// URL of a component.
fn vex(cve: &str, lines: &[[&str; 3]]) -> Vec<u8> {
    let mut branches = Vec::new();
    let mut relationships = Vec::new();
    let mut statuses = json!({});
    for (number, [status, cpe, purl]) in lines.iter().enumerate() {
        let (product, component, both) = (
            format!("product-{number}"),
            format!("component-{number}"),
            format!("product-{number}:component-{number}"),
        );
        branches.push(json!({
            "category": "product_name", "name": product,
            "product": { "name": product, "product_id": product,
                "product_identification_helper": { "cpe": cpe } },
        }));
        branches.push(json!({
            "category": "product_version", "name": component,
            "product": { "name": component, "product_id": component,
                "product_identification_helper": { "purl": purl } },
        }));
        relationships.push(json!({
            "category": "default_component_of",
            "full_product_name": { "name": both, "product_id": both },
            "product_reference": component, "relates_to_product_reference": product,
        }));
        if statuses[*status].is_null() {
            statuses[*status] = json!([]);
        }
        statuses[*status].as_array_mut().unwrap().push(json!(both));
    }
    let all: Vec<Value> = relationships
        .iter()
        .map(|relationship| relationship["full_product_name"]["product_id"].clone())
        .collect();
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "title": cve,
            "publisher": { "category": "vendor", "name": "Red Hat Product Security",
                "namespace": "https://www.redhat.com" },
            "tracking": { "id": cve, "status": "final", "version": "1",
                "current_release_date": "2024-01-02T00:00:00+00:00",
                "initial_release_date": "2024-01-01T00:00:00+00:00", "revision_history": [] },
        },
        "product_tree": {
            "branches": [{ "category": "vendor", "name": "Red Hat", "branches": branches }],
            "relationships": relationships,
        },
        "vulnerabilities": [{
            "cve": cve, "title": cve, "product_status": statuses,
            "threats": [{ "category": "impact", "details": "Important", "product_ids": all }],
        }],
    })
    .to_string()
    .into_bytes()
}

fn red_hat(lines: &[[&str; 3]]) -> Vec<(String, Vec<u8>)> {
    let root = "security.access.redhat.com/data/csaf/v2/vex-feed";
    let changes = "\"2024/cve-2024-0001.json\",\"2024-01-02T00:00:00+00:00\"\n";
    vec![
        (format!("{root}/changes.csv"), changes.into()),
        (format!("{root}/deletions.csv"), Vec::new()),
        (
            format!("{root}/2024/cve-2024-0001.json"),
            vex("CVE-2024-0001", lines),
        ),
    ]
}

fn red_hat_report(lines: &[[&str; 3]], image: LayerBuilder) -> Value {
    let documents = red_hat(lines);
    let documents: Vec<(&str, Vec<u8>)> = documents
        .iter()
        .map(|(address, document)| (address.as_str(), document.clone()))
        .collect();
    report("rhel-vex", &documents, image)
}

#[test]
fn centos_is_judged_by_red_hats_data() {
    let nine = "cpe:/o:redhat:enterprise_linux:9::baseos";
    let statements = [
        [
            "fixed",
            nine,
            "pkg:rpm/redhat/expat@2.5.0-3.el9_5.1?arch=x86_64",
        ],
        [
            "fixed",
            nine,
            "pkg:rpm/redhat/expat@2.5.0-3.el9_5.1?arch=aarch64",
        ],
        [
            "fixed",
            "cpe:/o:redhat:enterprise_linux:8::baseos",
            "pkg:rpm/redhat/zlib@9-1.el8?arch=x86_64",
        ],
        [
            "known_affected",
            "cpe:/o:redhat:enterprise_linux:9",
            "pkg:rpm/redhat/bash?arch=src",
        ],
    ];
    let image = with_rpms(
        system(
            "NAME=\"CentOS Stream\"\nVERSION=\"9\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\n\
             VERSION_ID=\"9\"\nPRETTY_NAME=\"CentOS Stream 9\"\n",
        ),
        Sqlite,
        &[
            "expat 2.5.0-2.el9 x86_64",
            "zlib 1.2.11-40.el9 x86_64",
            "bash 5.1.8-9.el9 x86_64",
        ],
    );
    check(
        &red_hat_report(&statements, image),
        &[
            "bash CVE-2024-0001 high not-fixed (redhat:enterprise_linux:9)",
            "expat CVE-2024-0001 high fixed 2.5.0-3.el9_5.1 (redhat:enterprise_linux:9)",
        ],
    );
}

#[test]
fn hardened_images_are_judged_as_the_product_that_they_name() {
    let hardened = "cpe:/a:redhat:hummingbird:1";
    let statements = [
        [
            "fixed",
            hardened,
            "pkg:rpm/redhat/expat@2.7.3-1.hum1?arch=x86_64",
        ],
        [
            "fixed",
            "cpe:/o:redhat:enterprise_linux:9::baseos",
            "pkg:rpm/redhat/zlib@9-1.el9?arch=x86_64",
        ],
    ];
    let image = with_rpms(
        system(
            "ID=\"hummingbird\"\nNAME=\"Project Hummingbird\"\nVERSION_ID=\"20251124\"\n\
             CPE_NAME=\"cpe:/a:redhat:hummingbird:1\"\n",
        ),
        Sqlite,
        &["expat 2.7.2-1.hum1 x86_64", "zlib 1.3-1.hum1 x86_64"],
    );
    check(
        &red_hat_report(&statements, image),
        &["expat CVE-2024-0001 high fixed 2.7.3-1.hum1 (redhat:hummingbird:1)"],
    );
}
