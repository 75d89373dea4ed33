/*
 * A PKCS#11 module around SoftHSM that does what SoftHSM never does: it is pulled out, waits for a finger, locks its
 * PIN, wants the PIN at each signature and takes those in parts, or behaves as a YubiKey. Which of these, files in the directory TOKEN_SHIM say; what happened is written there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ulong;
typedef struct { ulong type; void *value; ulong length; } attribute;
typedef struct { unsigned char version[2]; ulong (*call[68])(); } function_list;

enum { GET_TOKEN_INFO = 6, LOGIN = 18, CREATE_OBJECT = 20, GET_ATTRIBUTE_VALUE = 24,
       CLOSE_SESSION = 13, SIGN_INIT = 42, SIGN = 43, SIGN_UPDATE = 44, SIGN_FINAL = 45,
       GENERATE_KEY_PAIR = 59 };
enum { TOKEN_INFO_MANUFACTURER = 32, TOKEN_INFO_MODEL = 64, TOKEN_INFO_FLAGS = 96 };
enum { CKR_DEVICE_REMOVED = 0x32, CKR_OPERATION_ACTIVE = 0x90, CKR_USER_NOT_LOGGED_IN = 0x101, CKR_PIN_INCORRECT = 0xa0, CKR_PIN_LOCKED = 0xa4 };
enum { CKF_USER_PIN_FINAL_TRY = 0x20000, CKF_USER_PIN_LOCKED = 0x40000 };
enum { CKA_CLASS = 0, CKA_TOKEN = 1, CKA_PRIVATE = 2, CKA_VALUE = 0x11, CKA_CERTIFICATE_TYPE = 0x80, CKA_SUBJECT = 0x101,
       CKA_SENSITIVE = 0x103, CKA_SIGN = 0x108, CKA_VERIFY = 0x10a, CKA_EXTRACTABLE = 0x162,
       CKA_ALWAYS_AUTHENTICATE = 0x202 };
#define CKA_VENDOR_DEFINED 0x80000000ul
enum { CKO_CERTIFICATE = 1, CKO_PUBLIC_KEY = 2, CKO_PRIVATE_KEY = 3 };
enum { SO = 0, USER = 1, CONTEXT_SPECIFIC = 2, MOST = 32 };

static const char factory_key[] = "010203040506070801020304050607080102030405060708";
static const char owners_key[] = "a0a1a2a3a4a5a6a7a0a1a2a3a4a5a6a7a0a1a2a3a4a5a6a7";
static function_list ours, theirs;
static unsigned char yes = 1, no = 0;
static ulong x509 = 0;
/* A session with something begun that never ends. */
static ulong stuck = 0;
/* An empty name: SoftHSM wants one, a YubiKey does not. */
static unsigned char subject[] = {0x30, 0x00};

static char *path(const char *name) {
    static char text[4096];
    snprintf(text, sizeof text, "%s/%s", getenv("TOKEN_SHIM"), name);
    return text;
}

static int wanted(const char *name) { return access(path(name), F_OK) == 0; }

static void write_down(const char *name, const char *line) {
    FILE *file = fopen(path(name), "a");
    if (file) {
        fprintf(file, "%s\n", line);
        fclose(file);
    }
}

static ulong get_token_info(ulong slot, unsigned char *info) {
    ulong result = theirs.call[GET_TOKEN_INFO](slot, info), flags;
    memcpy(&flags, info + TOKEN_INFO_FLAGS, sizeof flags);
    if (wanted("final-try")) flags |= CKF_USER_PIN_FINAL_TRY;
    if (wanted("locked")) flags |= CKF_USER_PIN_LOCKED;
    memcpy(info + TOKEN_INFO_FLAGS, &flags, sizeof flags);
    if (wanted("yubikey")) {
        memcpy(info + TOKEN_INFO_MANUFACTURER, "Yubico (www.yubico.com)         ", 32);
        memcpy(info + TOKEN_INFO_MODEL, "YubiKey YK5     ", 16);
    }
    return result;
}

static ulong login(ulong session, ulong who, const char *pin, ulong length) {
    write_down("logins", who == SO ? "so" : who == CONTEXT_SPECIFIC ? "each time" : "user");
    for (int i = 0; i < 600 && wanted("slow") && !wanted("hurry"); i++) usleep(50000);
    if (wanted("locked")) return CKR_PIN_LOCKED;
    if (wanted("yubikey") && who == SO) {
        const char *management_key = wanted("owners-key") ? owners_key : factory_key;
        if (length != strlen(management_key) || memcmp(pin, management_key, length)) return CKR_PIN_INCORRECT;
        return theirs.call[LOGIN](session, (ulong)USER, "123456", 6ul);
    }
    return theirs.call[LOGIN](session, who, pin, length);
}

static ulong sign(ulong session, void *data, ulong length, void *signature, ulong *signature_length) {
    if (signature && wanted("removed")) return CKR_DEVICE_REMOVED;
    if (signature && wanted("touch")) {
        write_down("waiting", "for a touch");
        for (int i = 0; i < 600 && !wanted("touched"); i++) usleep(50000);
    }
    ulong result = theirs.call[SIGN](session, data, length, signature, signature_length);
    if (result == CKR_USER_NOT_LOGGED_IN && wanted("unsaid")) stuck = session;
    return result;
}

/* As modules that do not know of a key that it wants the PIN, and go on with what was refused for want of it. */
static ulong sign_init(ulong session, void *mechanism, ulong key) {
    if (session == stuck) return CKR_OPERATION_ACTIVE;
    return theirs.call[SIGN_INIT](session, mechanism, key);
}

static ulong close_session(ulong session) {
    if (session == stuck) stuck = 0;
    return theirs.call[CLOSE_SESSION](session);
}

static ulong get_attribute_value(ulong session, ulong object, attribute *template, ulong count) {
    ulong result = theirs.call[GET_ATTRIBUTE_VALUE](session, object, template, count);
    for (ulong i = 0; wanted("unsaid") && i < count; i++)
        if (template[i].type == CKA_ALWAYS_AUTHENTICATE && template[i].value) memcpy(template[i].value, &no, 1);
    return result;
}

/* SoftHSM takes what ECDSA signs in one part only; ykcs11 and OpenSC collect parts. */
static unsigned char parts[256];
static ulong parts_length;

static ulong sign_update(ulong session, void *part, ulong length) {
    if (!wanted("parts")) return theirs.call[SIGN_UPDATE](session, part, length);
    if (parts_length + length > sizeof parts) return CKR_DEVICE_REMOVED;
    memcpy(parts + parts_length, part, length);
    parts_length += length;
    return 0;
}

static ulong sign_final(ulong session, void *signature, ulong *signature_length) {
    if (!wanted("parts")) return theirs.call[SIGN_FINAL](session, signature, signature_length);
    ulong result = sign(session, parts, parts_length, signature, signature_length);
    if (signature) parts_length = 0;
    return result;
}

static attribute *find(attribute *template, ulong count, ulong type) {
    for (ulong i = 0; i < count; i++)
        if (template[i].type == type) return &template[i];
    return NULL;
}

/* What a YubiKey was given, plus what SoftHSM wants. */
static ulong complete(attribute *into, const attribute *given, ulong count, ulong class) {
    ulong n = 0;
    for (ulong i = 0; i < count && n < MOST - 8; i++)
        if (given[i].type != CKA_VENDOR_DEFINED) into[n++] = given[i];
    into[n++] = (attribute){CKA_TOKEN, &yes, 1};
    if (class == CKO_CERTIFICATE) {
        into[n++] = (attribute){CKA_PRIVATE, &no, 1};
        into[n++] = (attribute){CKA_CERTIFICATE_TYPE, &x509, sizeof x509};
        into[n++] = (attribute){CKA_SUBJECT, subject, sizeof subject};
    } else if (class == CKO_PRIVATE_KEY) {
        into[n++] = (attribute){CKA_SIGN, &yes, 1};
        into[n++] = (attribute){CKA_SENSITIVE, &yes, 1};
        into[n++] = (attribute){CKA_EXTRACTABLE, &no, 1};
    } else {
        into[n++] = (attribute){CKA_PRIVATE, &no, 1};
        into[n++] = (attribute){CKA_VERIFY, &yes, 1};
    }
    return n;
}

static void describe(const attribute *given, ulong count) {
    char line[1024] = "";
    for (ulong i = 0; i < count; i++) {
        char word[64];
        snprintf(word, sizeof word, "%s%lx:%lu", i ? " " : "", given[i].type, given[i].length);
        strncat(line, word, sizeof line - strlen(line) - 1);
    }
    write_down("created", line);
}

/* The private half of a key that wants the PIN at each signature. */
static ulong each_time(attribute *into, const attribute *given, ulong count) {
    memcpy(into, given, count * sizeof *given);
    into[count] = (attribute){CKA_ALWAYS_AUTHENTICATE, &yes, 1};
    return count + 1;
}

static ulong create_object(ulong session, attribute *template, ulong count, ulong *object) {
    attribute whole[MOST], half[MOST], *class = find(template, count, CKA_CLASS);
    describe(template, count);
    if (wanted("each-time") && class && *(ulong *)class->value == CKO_PRIVATE_KEY)
        count = each_time(half, template, count), template = half, class = find(template, count, CKA_CLASS);
    if (!wanted("yubikey") || !class) return theirs.call[CREATE_OBJECT](session, template, count, object);
    return theirs.call[CREATE_OBJECT](session, whole, complete(whole, template, count, *(ulong *)class->value), object);
}

static ulong generate_key_pair(ulong session, void *mechanism, attribute *public, ulong publics, attribute *private,
                               ulong privates, ulong *public_object, ulong *private_object) {
    attribute halves[2][MOST], half[MOST];
    describe(public, publics);
    describe(private, privates);
    if (wanted("each-time")) privates = each_time(half, private, privates), private = half;
    if (wanted("yubikey")) {
        publics = complete(halves[0], public, publics, CKO_PUBLIC_KEY), public = halves[0];
        privates = complete(halves[1], private, privates, CKO_PRIVATE_KEY), private = halves[1];
    }
    return theirs.call[GENERATE_KEY_PAIR](session, mechanism, public, publics, private, privates, public_object,
                                          private_object);
}

/* Who takes the module away: the process that ends, or a thread beside it. */
__attribute__((destructor)) static void unload(void) {
    if (getenv("TOKEN_SHIM")) write_down("unloaded", gettid() == getpid() ? "at the end" : "before");
}

ulong C_GetFunctionList(function_list **list) {
    void *module = dlopen(getenv("TOKEN_SHIM_AROUND"), RTLD_NOW | RTLD_LOCAL);
    ulong (*get)(function_list **) = module ? (ulong(*)(function_list **))dlsym(module, "C_GetFunctionList") : NULL;
    function_list *found;
    if (!get || get(&found)) return 5;
    ours = theirs = *found;
    ours.call[GET_TOKEN_INFO] = get_token_info;
    ours.call[LOGIN] = login;
    ours.call[CREATE_OBJECT] = create_object;
    ours.call[SIGN] = sign;
    ours.call[SIGN_INIT] = sign_init;
    ours.call[CLOSE_SESSION] = close_session;
    ours.call[GET_ATTRIBUTE_VALUE] = get_attribute_value;
    ours.call[SIGN_UPDATE] = wanted("no-parts") ? NULL : sign_update;
    ours.call[SIGN_FINAL] = sign_final;
    ours.call[GENERATE_KEY_PAIR] = generate_key_pair;
    *list = &ours;
    return 0;
}
