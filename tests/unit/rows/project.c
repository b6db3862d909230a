#include "project.h"

#include <stdio.h>
#include <stdlib.h>

#include "rows.h"

static size_t rows_of_matrix(const struct projection *p)
{
    size_t side = (size_t)(p->size / p->pool);
    return 3 * side * side;
}

static double entry(const struct projection *p, size_t row, int column)
{
    return p->strength * (rows_noise(p->seed + (unsigned)column, (unsigned)row) - 0.5);
}

void project_add(struct onnx *onnx, const struct projection *p, const char *input,
                 const char *output)
{
    const size_t rows = rows_of_matrix(p);
    const int64_t pool[2] = {p->pool, p->pool};
    float *matrix = calloc(rows * (size_t)p->columns, sizeof(float));
    char names[6][48], both[100];
    static const char *const kinds[] = {"patches", "shape", "row", "matrix"};
    assert_non_null(matrix);
    for (int i = 0; i < 4; i++)
        snprintf(names[i], sizeof names[i], "%s_%s", output, kinds[i]);
    for (size_t i = 0; i < rows; i++)
        for (int c = 0; c < p->columns; c++)
            matrix[i * (size_t)p->columns + (size_t)c] = (float)entry(p, i, c);
    onnx_int64s(onnx, names[1], (int64_t[]){1, (int64_t)rows}, 2);
    onnx_floats(onnx, names[3], (int64_t[]){(int64_t)rows, p->columns}, 2, matrix);
    onnx_node(onnx, "AveragePool", input, names[0]);
    onnx_attribute_ints(onnx, "kernel_shape", pool, 2);
    onnx_attribute_ints(onnx, "strides", pool, 2);
    snprintf(both, sizeof both, "%s %s", names[0], names[1]);
    onnx_node(onnx, "Reshape", both, names[2]);
    snprintf(both, sizeof both, "%s %s", names[2], names[3]);
    onnx_node(onnx, "MatMul", both, output);
    free(matrix);
}

static double patch_mean(const struct projection *p, const struct ref_picture *picture, int column,
                         int row, int channel)
{
    double sum = 0;
    for (int y = 0; y < p->pool; y++)
        for (int x = 0; x < p->pool; x++)
            sum += ref_at(picture, column * p->pool + x, row * p->pool + y)[channel];
    return sum / (p->pool * p->pool);
}

void project_expect(const struct projection *p, const struct normalisation *n,
                    const struct ref_picture *picture, double *columns)
{
    const int side = p->size / p->pool;
    for (int k = 0; k < p->columns; k++)
        columns[k] = 0;
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < side * side; i++) {
            double mean = patch_mean(p, picture, i % side, i / side, n->rgb ? 2 - c : c);
            double value = (mean / 255 - n->mean[c]) / n->deviation[c];
            for (int k = 0; k < p->columns; k++)
                columns[k] += value * entry(p, (size_t)(c * side * side + i), k);
        }
    }
}
