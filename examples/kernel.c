/* A gradient in C, as a shared library:
 *
 *     cc -O3 -march=native -shared -fPIC -o kernel.so kernel.c
 *     handgrad compare --with kernel.so
 *
 * X is by rows. dW[j] = (2/n) sum x_ij r_i and db = (2/n) sum r_i, with r_i = x_i . w + b - y_i.
 */
#include <stddef.h>

#define GRADIENT(NAME, NUMBER)                                                                                  \
    void NAME(const NUMBER *X, const NUMBER *y, size_t n, size_t d, const NUMBER *weights, NUMBER bias,         \
              NUMBER *dW, NUMBER *db) {                                                                         \
        NUMBER sum = 0, scale = (NUMBER)2 / (NUMBER)n;                                                          \
        for (size_t j = 0; j < d; j++) dW[j] = 0;                                                               \
        for (size_t i = 0; i < n; i++) {                                                                        \
            const NUMBER *row = X + i * d;                                                                      \
            NUMBER residual = bias - y[i];                                                                      \
            for (size_t j = 0; j < d; j++) residual += row[j] * weights[j];                                     \
            for (size_t j = 0; j < d; j++) dW[j] += row[j] * residual;                                          \
            sum += residual;                                                                                    \
        }                                                                                                       \
        for (size_t j = 0; j < d; j++) dW[j] *= scale;                                                          \
        *db = scale * sum;                                                                                      \
    }

GRADIENT(gradient, double)
GRADIENT(gradient_float32, float)
