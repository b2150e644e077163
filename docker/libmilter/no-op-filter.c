/*
 * no-op-filter SOCKET nothing|everything: lets every message pass.
 *
 * "nothing" has no callback, and asks for no event but the end of a message. "everything" looks at the envelope, the
 * header and the body without answering. Both are what the filters of packages/milter/bench/filter.ts negotiate.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const unsigned long unwanted = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH;
static const unsigned long content = SMFIP_NOMAIL | SMFIP_NORCPT | SMFIP_NOHDRS | SMFIP_NOBODY;
static const unsigned long unanswered = SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_BODY;

static int looks;

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long protocol, unsigned long f2,
                             unsigned long f3, unsigned long *our_actions, unsigned long *our_protocol,
                             unsigned long *our_f2, unsigned long *our_f3) {
    (void)context, (void)actions, (void)f2, (void)f3;
    *our_actions = 0;
    *our_protocol = protocol & (SMFIP_SKIP | unwanted | (looks ? unanswered : content));
    *our_f2 = *our_f3 = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_envelope(SMFICTX *context, char **arguments) {
    (void)context, (void)arguments;
    return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *context, char *name, char *value) {
    (void)context, (void)name, (void)value;
    return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *context, unsigned char *chunk, size_t bytes) {
    (void)context, (void)chunk, (void)bytes;
    return SMFIS_NOREPLY;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    looks = strcmp(arguments[2], "everything") == 0;
    struct smfiDesc filter = {
        .xxfi_name = "no-op",
        .xxfi_version = SMFI_VERSION,
        .xxfi_negotiate = on_negotiate,
        .xxfi_envfrom = looks ? on_envelope : NULL,
        .xxfi_envrcpt = looks ? on_envelope : NULL,
        .xxfi_header = looks ? on_header : NULL,
        .xxfi_body = looks ? on_body : NULL,
    };
    char address[128];
    umask(0);
    snprintf(address, sizeof address, "unix:%s", arguments[1]);
    if (smfi_setconn(address) == MI_FAILURE || smfi_register(filter) == MI_FAILURE) return 70;
    return smfi_main() == MI_SUCCESS ? 0 : 71;
}
