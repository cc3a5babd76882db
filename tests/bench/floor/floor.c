/* The floor that a check is measured against: blocking sockets and OpenSSL, nothing else.
 *
 *   floor COUNT PORT                        HTTP
 *   floor COUNT PORT CA_FILE HOST_NAME      HTTPS, chain and name verified, no resumption
 *
 * COUNT times: a fresh connection to 127.0.0.1, the handshake, one GET with `Connection: close`,
 * all bytes up to the end, close. Prints one line of JSON: microseconds of CPU (user and system,
 * of this process) and of wall time a check. Anything but a whole 200 answer ends with status 1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *const request_format =
    "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: floor\r\nAccept: */*\r\nConnection: close\r\n\r\n";

struct target {
    struct sockaddr_in address;
    SSL_CTX *tls; /* NULL: plain */
    const char *name;
    char request[512];
    size_t request_length;
};

static void fail(const char *what)
{
    perror(what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static SSL_CTX *verifying_context(const char *ca_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1)
        fail("CA file");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    return context;
}

static int open_connection(const struct target *target)
{
    int one = 1;
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        fail("socket");
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(sock, (const struct sockaddr *)&target->address, sizeof target->address) != 0)
        fail("connect");
    return sock;
}

static SSL *shake_hands(const struct target *target, int sock)
{
    SSL *tls = SSL_new(target->tls);
    if (tls == NULL || SSL_set_fd(tls, sock) != 1)
        fail("SSL_new");
    SSL_set_tlsext_host_name(tls, target->name);
    if (SSL_set1_host(tls, target->name) != 1 || SSL_connect(tls) != 1)
        fail("handshake");
    if (SSL_get_verify_result(tls) != X509_V_OK)
        fail("verification");
    return tls;
}

/* Reads to the end; the first bytes must be those of a 200. */
static void read_answer(SSL *tls, int sock)
{
    static const char expected[] = "HTTP/1.1 200";
    char buffer[65536];
    char first[sizeof expected - 1];
    size_t total = 0;
    for (;;) {
        ssize_t got = tls ? SSL_read(tls, buffer, sizeof buffer) : read(sock, buffer, sizeof buffer);
        if (got <= 0)
            break;
        for (ssize_t at = 0; at < got && total + (size_t)at < sizeof first; at++)
            first[total + (size_t)at] = buffer[at];
        total += (size_t)got;
    }
    if (total < sizeof first || memcmp(first, expected, sizeof first) != 0) {
        fputs("no whole 200 answer\n", stderr);
        exit(1);
    }
}

static void check(const struct target *target)
{
    int sock = open_connection(target);
    SSL *tls = target->tls ? shake_hands(target, sock) : NULL;
    int length = (int)target->request_length;
    int sent = tls ? SSL_write(tls, target->request, length)
                   : (int)write(sock, target->request, target->request_length);
    if (sent != length)
        fail("request");
    read_answer(tls, sock);
    if (tls) {
        SSL_shutdown(tls);
        SSL_free(tls);
    }
    close(sock);
}

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double wall_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void set_up(struct target *target, int argc, char **argv)
{
    memset(target, 0, sizeof *target);
    target->address.sin_family = AF_INET;
    target->address.sin_port = htons((unsigned short)atoi(argv[2]));
    target->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target->name = argc == 5 ? argv[4] : "localhost";
    target->tls = argc == 5 ? verifying_context(argv[3]) : NULL;
    target->request_length =
        (size_t)snprintf(target->request, sizeof target->request, request_format, target->name);
    if (target->request_length >= sizeof target->request) {
        fputs("the host name is too long\n", stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct target target;
    long count = argc > 2 ? atol(argv[1]) : 0;
    if ((argc != 3 && argc != 5) || count <= 0) {
        fputs("usage: floor COUNT PORT [CA_FILE HOST_NAME]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    set_up(&target, argc, argv);
    check(&target); /* what is made once is no part of a check */
    double cpu = cpu_seconds();
    double wall = wall_seconds();
    for (long done = 0; done < count; done++)
        check(&target);
    cpu = cpu_seconds() - cpu;
    wall = wall_seconds() - wall;
    printf("{\"checks\": %ld, \"cpu_microseconds\": %.1f, \"wall_microseconds\": %.1f}\n", count,
           cpu * 1e6 / (double)count, wall * 1e6 / (double)count);
    SSL_CTX_free(target.tls);
    return 0;
}
