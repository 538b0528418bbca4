"""Works on the certificate policy of a simulated tenant with Microsoft's own SDK.

Everything is asserted, and told as it happens. Ends with 1 at the first surprise.
"""

import argparse
import asyncio
import sys
import time
from datetime import datetime

import httpx
from azure.core.credentials import AccessToken
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph.generated.models.authentication_method_state import AuthenticationMethodState
from msgraph.generated.models.authentication_method_target import AuthenticationMethodTarget
from msgraph.generated.models.authentication_method_target_type import (
    AuthenticationMethodTargetType,
)
from msgraph.generated.models.exclude_target import ExcludeTarget
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.x509_certificate_affinity_level import X509CertificateAffinityLevel
from msgraph.generated.models.x509_certificate_authentication_method_configuration import (
    X509CertificateAuthenticationMethodConfiguration as X509,
)
from msgraph.generated.models.x509_certificate_authentication_mode import (
    X509CertificateAuthenticationMode as Mode,
)
from msgraph.generated.models.x509_certificate_authentication_mode_configuration import (
    X509CertificateAuthenticationModeConfiguration as ModeConfiguration,
)
from msgraph.generated.models.x509_certificate_rule import X509CertificateRule
from msgraph.generated.models.x509_certificate_rule_type import X509CertificateRuleType
from msgraph.generated.models.x509_certificate_user_binding import X509CertificateUserBinding
from msgraph_core import PageIterator

NOBODY = "00000000-1111-2222-3333-444444444444"


class StaticToken:
    """A credential that holds one token and asks nobody. The sandbox takes any."""

    def get_token(self, *scopes, **more):
        return AccessToken("rehearsal", int(time.time()) + 3600)


def client(address, authentication=None):
    """The SDK, pointed at another address than Graph's.

    The address is the adapter's, and has the version in it. Over plain HTTP the
    SDK hands out its token on `localhost` and `127.0.0.1` only.
    """
    authentication = authentication or AzureIdentityAuthenticationProvider(StaticToken())
    adapter = GraphRequestAdapter(authentication)
    adapter.base_url = f"{address.rstrip('/')}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


def x509(graph):
    policy = graph.policies.authentication_methods_policy
    return policy.authentication_method_configurations.by_authentication_method_configuration_id(
        "x509Certificate"
    )


def told(text):
    print(f"  {text}")


def step(text):
    print(f"\n{text}")


def expect(what, seen, wanted):
    if seen != wanted:
        raise AssertionError(f"{what}: {seen!r}, not {wanted!r}")
    told(f"{what}: {seen}")


async def refused(what, call, status, code=None):
    """Asserts that a call ends in Graph's error, with all its parts."""
    try:
        await call
    except ODataError as error:
        expect(f"{what}: status", error.response_status_code, status)
        main = error.error
        if main is None or main.inner_error is None:
            raise AssertionError(f"{what}: the error has no body: {error}") from error
        if code:
            expect(f"{what}: code", main.code, code)
        told(f"{what}: {main.message}")
        if not main.inner_error.request_id or not isinstance(main.inner_error.date, datetime):
            raise AssertionError(f"{what}: no request-id or date: {main.inner_error}") from error
        return
    raise AssertionError(f"{what}: nothing was refused")


async def read(graph):
    """The policy, with the words that callers see on request only."""
    configuration = RequestConfiguration()
    configuration.headers.add("Prefer", "include-unknown-enum-members")
    policy = await x509(graph).get(request_configuration=configuration)
    if not isinstance(policy, X509):
        raise AssertionError(f"not the type of the certificate policy: {type(policy)}")
    return policy


def target(group_id):
    return AuthenticationMethodTarget(
        id=group_id, target_type=AuthenticationMethodTargetType.Group, is_registration_required=False
    )


def names(rules):
    return [(rule.x509_certificate_rule_type, rule.identifier) for rule in rules]


async def reads_typed(graph):
    step("Read the policy, typed")
    policy = await read(graph)
    expect("id", policy.id, "X509Certificate")
    expect("state", policy.state, AuthenticationMethodState.Disabled)
    expect("bindings", [b.priority for b in policy.certificate_user_bindings], [1, 2, 3])
    strongest = policy.certificate_user_bindings[2]
    expect("field", strongest.x509_certificate_field, "SubjectKeyIdentifier")
    expect("affinity", strongest.trust_affinity_level, X509CertificateAffinityLevel.High)
    modes = policy.authentication_mode_configuration
    expect(
        "default mode",
        modes.x509_certificate_authentication_default_mode,
        Mode.X509CertificateSingleFactor,
    )
    expect(
        "rules",
        names(modes.rules),
        [(X509CertificateRuleType.IssuerSubject, "CN=ContosoCA,DC=Contoso,DC=org ")],
    )
    expect("include targets", len(policy.include_targets), 1)
    expect("exclude targets", policy.exclude_targets, [])
    expect("SKIs without a CRL", policy.crl_validation_configuration.
           exempted_certificate_authorities_subject_key_identifiers, [])
    return policy


async def reads_whole(graph):
    step("Read the parent policy, with every configuration in it")
    whole = await graph.policies.authentication_methods_policy.get()
    found = [c for c in whole.authentication_method_configurations if isinstance(c, X509)]
    expect("certificate policies", len(found), 1)
    expect("last modified is a time", isinstance(whole.last_modified_date_time, datetime), True)


async def lists_groups(graph):
    step("List groups: a filter, then pages")
    query = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(
        filter="displayName in ('CBA Pilot','Break Glass')", select=["id", "displayName"]
    )
    answer = await graph.groups.get(RequestConfiguration(query_parameters=query))
    ids = {group.display_name: group.id for group in answer.value}
    expect("named", sorted(ids), ["Break Glass", "CBA Pilot"])

    query = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(
        top=1,
        count=True,
        orderby=["displayName"],
        filter="startswith(displayName,'C')",
        select=["id", "displayName"],
    )
    configuration = RequestConfiguration(query_parameters=query)
    configuration.headers.add("ConsistencyLevel", "eventual")
    first = await graph.groups.get(configuration)
    expect("counted", first.odata_count, 3)
    seen = []

    def take(group):
        seen.append(group.display_name)
        return True

    pages = PageIterator(first, graph.request_adapter)
    # Graph wants the header on each page. `set_headers` of this version raises.
    pages.headers.add("ConsistencyLevel", "eventual")
    await pages.iterate(take)
    expect("page by page", seen, ["CBA Pilot", "CBA Testers", "Contractors"])

    pilot = await graph.groups.by_group_id(ids["CBA Pilot"]).get()
    expect("one group", pilot.description, "Everybody with a smart card")
    await refused(
        "a group that is none",
        graph.groups.by_group_id(NOBODY).get(),
        404,
        "Request_ResourceNotFound",
    )
    return ids


async def changes(graph, ids):
    step("Change state, targets and rules")
    rules = [
        X509CertificateRule(
            x509_certificate_rule_type=X509CertificateRuleType.PolicyOID,
            identifier="1.2.3.4",
            x509_certificate_authentication_mode=Mode.X509CertificateMultiFactor,
            x509_certificate_required_affinity_level=X509CertificateAffinityLevel.Low,
        ),
        X509CertificateRule(
            x509_certificate_rule_type=X509CertificateRuleType.IssuerSubjectAndPolicyOID,
            issuer_subject_identifier="CN=ContosoCA,DC=Contoso,DC=org",
            policy_oid_identifier="1.2.3.5",
            x509_certificate_authentication_mode=Mode.X509CertificateMultiFactor,
        ),
    ]
    change = X509(
        id="X509Certificate",
        state=AuthenticationMethodState.Enabled,
        include_targets=[target(ids["CBA Pilot"])],
        exclude_targets=[
            ExcludeTarget(
                id=ids["Break Glass"], target_type=AuthenticationMethodTargetType.Group
            )
        ],
        authentication_mode_configuration=ModeConfiguration(rules=rules),
    )
    expect("answer", await x509(graph).patch(change), None)

    policy = await read(graph)
    expect("state", policy.state, AuthenticationMethodState.Enabled)
    expect("include targets", [t.id for t in policy.include_targets], [ids["CBA Pilot"]])
    expect("exclude targets", [t.id for t in policy.exclude_targets], [ids["Break Glass"]])
    modes = policy.authentication_mode_configuration
    expect(
        "rules",
        names(modes.rules),
        [
            (X509CertificateRuleType.PolicyOID, "1.2.3.4"),
            (X509CertificateRuleType.IssuerSubjectAndPolicyOID, None),
        ],
    )
    expect(
        "default mode, not sent",
        modes.x509_certificate_authentication_default_mode,
        Mode.X509CertificateSingleFactor,
    )
    expect("bindings, not sent", len(policy.certificate_user_bindings), 3)

    step("Read it without `Prefer`: the combined rule's type is hidden")
    hidden = await x509(graph).get()
    shown = [r.x509_certificate_rule_type for r in hidden.authentication_mode_configuration.rules]
    expect(
        "types",
        shown,
        [X509CertificateRuleType.PolicyOID, X509CertificateRuleType.UnknownFutureValue],
    )
    change = X509(authentication_mode_configuration=hidden.authentication_mode_configuration)
    await refused("sent back", x509(graph).patch(change), 400, "BadRequest")


async def is_refused(graph):
    step("Send what is not allowed")
    unknown = X509(include_targets=[target(NOBODY)])
    await refused("a group that is none", x509(graph).patch(unknown), 400)
    twice = [
        X509CertificateUserBinding(
            x509_certificate_field=field, user_property="userPrincipalName", priority=1
        )
        for field in ("PrincipalName", "RFC822Name")
    ]
    change = X509(certificate_user_bindings=twice)
    await refused("one priority twice", x509(graph).patch(change), 400)
    untyped = X509(state=AuthenticationMethodState.Disabled, odata_type=None)
    await refused("no @odata.type", x509(graph).patch(untyped), 400)
    expect("state afterwards", (await read(graph)).state, AuthenticationMethodState.Enabled)


async def comes_back_whole(graph):
    step("Send a whole policy back as it was read, annotations and all")
    policy = await read(graph)
    annotations = [name for name in policy.additional_data if "@odata." in name]
    told(f"annotations that the SDK kept: {', '.join(annotations)}")
    await refused("with them", x509(graph).patch(policy), 400, "BadRequest")
    policy = await read(graph)
    for name in annotations:
        del policy.additional_data[name]
    expect("answer without them", await x509(graph).patch(policy), None)


async def is_reset(graph):
    step("Reset the policy")
    expect("answer", await x509(graph).delete(), None)
    policy = await read(graph)
    expect("state", policy.state, AuthenticationMethodState.Disabled)
    expect("include targets", [t.id for t in policy.include_targets], ["all_users"])
    expect("rules", policy.authentication_mode_configuration.rules, [])


async def needs_rights(address, read_only):
    step("Come without a token")
    stranger = client(address, AnonymousAuthenticationProvider())
    await refused("no token", x509(stranger).get(), 401, "InvalidAuthenticationToken")
    if not read_only:
        return
    step("Write with rights to read")
    reader = client(read_only)
    expect("state", (await read(reader)).state, AuthenticationMethodState.Disabled)
    change = X509(state=AuthenticationMethodState.Enabled)
    await refused("a write", x509(reader).patch(change), 403, "Authorization_RequestDenied")


async def rehearse(address, read_only):
    graph = client(address)
    print(f"Microsoft Graph SDK for Python against {address}")
    await reads_typed(graph)
    await reads_whole(graph)
    ids = await lists_groups(graph)
    await changes(graph, ids)
    await is_refused(graph)
    await comes_back_whole(graph)
    await is_reset(graph)
    await needs_rights(address, read_only)
    print("\nAll as expected.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="what `entrue sandbox serve` printed")
    parser.add_argument(
        "--read-only", metavar="ADDRESS", help="a second tenant, whose callers may only read"
    )
    given = parser.parse_args()
    try:
        asyncio.run(rehearse(given.address, given.read_only))
    except (AssertionError, APIError, httpx.TransportError) as surprise:
        print(f"\nSurprise: {str(surprise) or repr(surprise)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
