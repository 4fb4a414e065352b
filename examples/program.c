/* A program that speaks the protocol of docs/protocol.md, in C without a library:
 *
 *     cc -O3 -march=native -o program program.c
 *     handgrad compare --with ./program
 *
 * It reads one request a line. Numbers go out in hexadecimal, so that no digit is lost.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t n, d;
static double *X, *y, *w, *dW, b, db, loss;

static const char *after(const char *line, const char *key) { /* what follows "key": in the line */
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *found = strstr(line, quoted);
    if (!found) {
        printf("{\"error\":\"expected %s\"}\n", key);
        fflush(stdout);
        exit(2);
    }
    return found + strlen(quoted);
}

static double number(const char *line, const char *key) { return strtod(after(line, key), NULL); }

static void parameters(const char *line) {
    char *at = (char *)after(line, "weights") + 1;
    for (size_t j = 0; j < d; j++, at++) w[j] = strtod(at, &at);
    b = number(line, "bias");
}

static void bind(const char *line) {
    char path[4096] = "";
    sscanf(after(line, "file"), "\"%4095[^\"]", path);
    n = (size_t)number(line, "rows"), d = (size_t)number(line, "features");
    free(X), free(y), free(w), free(dW);
    X = malloc(n * d * sizeof *X), y = malloc(n * sizeof *y);
    w = malloc(d * sizeof *w), dW = malloc(d * sizeof *dW);
    FILE *file = fopen(path, "rb");
    int whole = file && fread(X, sizeof *X, n * d, file) == n * d && fread(y, sizeof *y, n, file) == n;
    if (file) fclose(file);
    puts(whole ? "{\"bound\":true}" : "{\"error\":\"the file cannot be read\"}");
}

static void gradient(void) { /* of (1/n) sum r^2 */
    double scale = 2.0 / (double)n;
    db = loss = 0;
    memset(dW, 0, d * sizeof *dW);
    for (size_t i = 0; i < n; i++) {
        double r = b - y[i];
        for (size_t j = 0; j < d; j++) r += X[i * d + j] * w[j];
        for (size_t j = 0; j < d; j++) dW[j] += X[i * d + j] * r;
        db += r, loss += r * r;
    }
    for (size_t j = 0; j < d; j++) dW[j] *= scale;
    db *= scale, loss /= (double)n;
}

static double run(double rate, long epochs) { /* the seconds that they took */
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (long epoch = 0; epoch < epochs; epoch++) {
        gradient();
        for (size_t j = 0; j < d; j++) w[j] -= rate * dW[j];
        b -= rate * db;
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    return (double)(ended.tv_sec - began.tv_sec) + 1e-9 * (double)(ended.tv_nsec - began.tv_nsec);
}

static void answer(const double *weights, double bias, const char *key, double value) {
    printf("{\"weights\":[");
    for (size_t j = 0; j < d; j++) printf("%s\"%a\"", j ? "," : "", weights[j]);
    printf("],\"bias\":\"%a\",\"%s\":%.17g}\n", bias, key, value);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        const char *what = after(line, "do");
        if (!strncmp(what, "\"hello\"", 7)) puts("{\"protocol\":1,\"can\":[\"gradient\",\"run\"]}");
        else if (!strncmp(what, "\"bind\"", 6)) bind(line);
        else if (!strncmp(what, "\"gradient\"", 10)) {
            parameters(line), gradient();
            answer(dW, db, "loss", loss);
        } else if (!strncmp(what, "\"run\"", 5)) {
            parameters(line);
            double seconds = run(number(line, "learning_rate"), (long)number(line, "epochs"));
            answer(w, b, "seconds", seconds);
        } else if (!strncmp(what, "\"quit\"", 6)) break;
        else puts("{\"error\":\"what is asked is not known\"}");
        fflush(stdout);
    }
    return 0;
}
