//! What every operation does, for the document.

use utoipa::openapi::path::HttpMethod;

use super::operation::{Answer, Described, DescribedParameter, INDEX_STATUS, ParameterKind};

const DIGEST: DescribedParameter = DescribedParameter {
    name: "digest",
    kind: ParameterKind::Path("digest"),
    is_required: true,
    description: "Digest of the manifest.",
};

const IF_NONE_MATCH: DescribedParameter = DescribedParameter {
    name: "If-None-Match",
    kind: ParameterKind::Header,
    is_required: false,
    description: "Tags of what the client has already.",
};

const PREFER: DescribedParameter = DescribedParameter {
    name: "Prefer",
    kind: ParameterKind::Header,
    is_required: false,
    description: "With \"respond-async\" (RFC 7240) the answer is 202 at once, and the image is \
        indexed later. Clair does not know it.",
};

const PRIORITY: DescribedParameter = DescribedParameter {
    name: "Priority",
    kind: ParameterKind::Header,
    is_required: false,
    description: "How urgent it is (RFC 9218), from \"u=0\", the most, to \"u=7\"; \"u=3\" unless \
        given or configured. Clair does not know it.",
};

/// All operations.
pub(super) const OPERATIONS: &[Described] = &[
    Described {
        method: HttpMethod::Post,
        path: "/indexer/api/v1/index_report",
        id: "Index",
        tag: "indexer",
        summary: "Index an image",
        description: "Fetches and reads the layers that are not known yet, and answers the index \
            report when that is done. A manifest that is indexed already is answered at once.",
        parameters: &[IF_NONE_MATCH, PREFER, PRIORITY],
        request: Some("manifest"),
        answers: &[
            Answer::of("201", "The image is indexed.")
                .with_body("index_report")
                .with_headers(&["Etag", "Link", "Location"]),
            Answer::of(
                "202",
                "The image will be indexed; Location tells how that stands.",
            )
            .with_body(INDEX_STATUS)
            .with_headers(&["Link", "Location", "Preference-Applied", "Retry-After"]),
            Answer::of("412", "The client has an index of this state already.")
                .with_headers(&["Link"]),
            Answer::of("413", "The body is too large.").with_body("error"),
            Answer::of("429", "Too much is being indexed.")
                .with_body("error")
                .with_headers(&["Retry-After"]),
        ],
    },
    Described {
        method: HttpMethod::Delete,
        path: "/indexer/api/v1/index_report",
        id: "DeleteManifests",
        tag: "indexer",
        summary: "Forget images",
        description: "Deletes what is known of some manifests. Those that are not known are \
            passed over.",
        parameters: &[],
        request: Some("bulk_delete"),
        answers: &[
            Answer::of("200", "These manifests were deleted.").with_body("bulk_delete"),
            Answer::of("413", "The body is too large.").with_body("error"),
        ],
    },
    Described {
        method: HttpMethod::Get,
        path: "/indexer/api/v1/index_report/{digest}",
        id: "GetIndexReport",
        tag: "indexer",
        summary: "Get an index report",
        description: "Answers what an image contains that was indexed before.",
        parameters: &[DIGEST, IF_NONE_MATCH],
        request: None,
        answers: &[
            Answer::of("200", "The report.")
                .with_body("index_report")
                .with_headers(&["Etag"]),
            Answer::of("304", "The client has an index of this state already."),
            Answer::of("404", "The manifest is not known.").with_body("error"),
        ],
    },
    Described {
        method: HttpMethod::Delete,
        path: "/indexer/api/v1/index_report/{digest}",
        id: "DeleteManifest",
        tag: "indexer",
        summary: "Forget an image",
        description: "Deletes what is known of a manifest, if anything is.",
        parameters: &[DIGEST],
        request: None,
        answers: &[Answer::of(
            "204",
            "Nothing is known of the manifest any more.",
        )],
    },
    Described {
        method: HttpMethod::Get,
        path: "/indexer/api/v1/index_status/{digest}",
        id: "GetIndexStatus",
        tag: "indexer",
        summary: "Ask how indexing stands",
        description: "Answers how the indexing of a manifest stands. Clair does not have this.",
        parameters: &[DIGEST],
        request: None,
        answers: &[
            Answer::of("200", "How it stands.").with_body(INDEX_STATUS),
            Answer::of("404", "The manifest was never submitted.").with_body("error"),
        ],
    },
    Described {
        method: HttpMethod::Get,
        path: "/indexer/api/v1/index_state",
        id: "IndexState",
        tag: "indexer",
        summary: "Get the state of the indexer",
        description: "Answers a token that changes when manifests should be indexed again.",
        parameters: &[IF_NONE_MATCH],
        request: None,
        answers: &[
            Answer::of("200", "The state.")
                .with_body("index_state")
                .with_headers(&["Etag"]),
            Answer::of("304", "The state is what the client has.").with_headers(&["Etag"]),
        ],
    },
    Described {
        method: HttpMethod::Post,
        path: "/indexer/api/v1/internal/affected_manifest",
        id: "AffectedManifests",
        tag: "internal",
        summary: "Find images that vulnerabilities affect",
        description: "Answers for each indexed manifest which of some vulnerabilities affect it.",
        parameters: &[],
        request: Some("vulnerability_summaries"),
        answers: &[
            Answer::of("200", "The manifests.").with_body("affected_manifests"),
            Answer::of("413", "The body is too large.").with_body("error"),
            Answer::of("429", "Too much is under way.")
                .with_body("error")
                .with_headers(&["Retry-After"]),
        ],
    },
    Described {
        method: HttpMethod::Get,
        path: "/matcher/api/v1/vulnerability_report/{digest}",
        id: "GetVulnerabilityReport",
        tag: "matcher",
        summary: "Get a vulnerability report",
        description: "Judges an indexed image by the vulnerability data that is served now.",
        parameters: &[DIGEST],
        request: None,
        answers: &[
            Answer::of("200", "The report.")
                .with_body("vulnerability_report")
                .or_body("application/vnd.limpid.report.v1+json", "report")
                .with_headers(&["Cache-Control"]),
            Answer::of("202", "There is no vulnerability data yet."),
            Answer::of("404", "The manifest is not indexed.").with_body("error"),
            Answer::of("429", "Too many wait for a report.")
                .with_body("error")
                .with_headers(&["Retry-After"]),
        ],
    },
    Described {
        method: HttpMethod::Get,
        path: "/matcher/api/v1/internal/update_operation",
        id: "GetUpdateOperation",
        tag: "internal",
        summary: "List update operations",
        description: "Answers the updates of the vulnerability data that are kept.",
        parameters: &[
            DescribedParameter {
                name: "kind",
                kind: ParameterKind::Words(&["vulnerability", "enrichment"]),
                is_required: false,
                description: "What was updated; vulnerabilities unless given.",
            },
            DescribedParameter {
                name: "latest",
                kind: ParameterKind::Boolean,
                is_required: false,
                description: "Whether only the latest operation of each updater is wanted.",
            },
            IF_NONE_MATCH,
        ],
        request: None,
        answers: &[
            Answer::of("200", "The operations.")
                .with_body("update_operations")
                .with_headers(&["Etag"]),
            Answer::of("304", "The newest operation is what the client has."),
        ],
    },
    Described {
        method: HttpMethod::Delete,
        path: "/matcher/api/v1/internal/update_operation/{digest}",
        id: "DeleteUpdateOperation",
        tag: "internal",
        summary: "Forget an update operation",
        description: "Deletes an update operation, unless it is the one that is served.",
        parameters: &[DescribedParameter {
            name: "digest",
            kind: ParameterKind::Path("token"),
            is_required: true,
            description: "UUID of the operation. It is no digest, but has that name in Clair.",
        }],
        request: None,
        answers: &[Answer::of(
            "200",
            "The operation is deleted, if it was there.",
        )],
    },
    Described {
        method: HttpMethod::Get,
        path: "/matcher/api/v1/internal/update_diff",
        id: "GetUpdateDiff",
        tag: "internal",
        summary: "Compare update operations",
        description: "Answers what changed between two operations. The answer can be as large as \
            the whole data.",
        parameters: &[
            DescribedParameter {
                name: "cur",
                kind: ParameterKind::Token,
                is_required: true,
                description: "UUID of the later operation.",
            },
            DescribedParameter {
                name: "prev",
                kind: ParameterKind::Token,
                is_required: false,
                description: "UUID of the former operation; nothing unless given.",
            },
        ],
        request: None,
        answers: &[
            Answer::of("200", "The difference.").with_body("update_diff"),
            Answer::of("404", "There is no such operation.").with_body("error"),
        ],
    },
    Described {
        method: HttpMethod::Get,
        path: "/notifier/api/v1/notification/{id}",
        id: "GetNotification",
        tag: "notifier",
        summary: "Read notifications",
        description: "Answers a page of the notifications that a callback told of.",
        parameters: &[
            NOTIFICATION_ID,
            DescribedParameter {
                name: "page_size",
                kind: ParameterKind::Integer,
                is_required: false,
                description: "How many notifications the page may have: 500 unless given, \
                    10000 at most.",
            },
            DescribedParameter {
                name: "next",
                kind: ParameterKind::Token,
                is_required: false,
                description: "Where the page begins, from the page before.",
            },
        ],
        request: None,
        answers: &[Answer::of("200", "The page.").with_body("notification_page")],
    },
    Described {
        method: HttpMethod::Delete,
        path: "/notifier/api/v1/notification/{id}",
        id: "DeleteNotification",
        tag: "notifier",
        summary: "Be done with notifications",
        description: "Tells that notifications have been read and need not be kept.",
        parameters: &[NOTIFICATION_ID],
        request: None,
        answers: &[
            Answer::of("200", "They will not be kept."),
            Answer::of("404", "There are none.").with_body("error"),
        ],
    },
];

const NOTIFICATION_ID: DescribedParameter = DescribedParameter {
    name: "id",
    kind: ParameterKind::Path("token"),
    is_required: true,
    description: "UUID that a callback told.",
};
