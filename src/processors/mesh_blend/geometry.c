#include "processors/mesh_blend/geometry.h"

#include <math.h>
#include <string.h>

#define POINTS 68
#define ROUNDS 12
#define COORDINATE_MAX 65536.0f
#define SCALE_MIN 2.0

struct fit {
    double scale, rotation[3][3], shift[2];
};

/* Lips move with speech, the jaw with hair and beard, brows with the mood: they count less. */
static double point_weight(int point)
{
    if (point >= 48)
        return 0.35;
    if (point >= 4 && point <= 12)
        return 0.5;
    if (point >= 17 && point <= 26)
        return 0.6;
    return 1.0;
}

static double model(int vertex, int axis)
{
    const struct fus_mesh_vertex *v = &fus_mesh_vertices[vertex];
    return axis == 0 ? v->x : axis == 1 ? v->y : v->z;
}

/* Eigenvector of the greatest eigenvalue of a symmetric 4x4 matrix, by cyclic Jacobi rotations. */
static void greatest_eigenvector(double m[4][4], double vector[4])
{
    double v[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    for (int sweep = 0; sweep < 12; sweep++) {
        double off = 0.0, on = 0.0;
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                *(i == j ? &on : &off) += m[i][j] * m[i][j];
        if (!(off > 1e-22 * on))
            break;
        for (int p = 0; p < 3; p++) {
            for (int q = p + 1; q < 4; q++) {
                if (m[p][q] == 0.0)
                    continue;
                const double theta = 0.5 * (m[q][q] - m[p][p]) / m[p][q];
                const double t = copysign(1.0, theta) / (fabs(theta) + sqrt(theta * theta + 1.0));
                const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
                for (int k = 0; k < 4; k++) {
                    const double kp = m[k][p], kq = m[k][q];
                    m[k][p] = c * kp - s * kq;
                    m[k][q] = s * kp + c * kq;
                }
                for (int k = 0; k < 4; k++) {
                    const double pk = m[p][k], qk = m[q][k];
                    m[p][k] = c * pk - s * qk;
                    m[q][k] = s * pk + c * qk;
                    const double vp = v[k][p], vq = v[k][q];
                    v[k][p] = c * vp - s * vq;
                    v[k][q] = s * vp + c * vq;
                }
            }
        }
    }
    int best = 0;
    for (int i = 1; i < 4; i++)
        if (m[i][i] > m[best][best])
            best = i;
    for (int k = 0; k < 4; k++)
        vector[k] = v[k][best];
}

/* The rotation that best turns the model's points a into q; c[i][j] = sum of w a_i q_j. */
static void best_rotation(const double c[3][3], double rotation[3][3])
{
    double n[4][4] = {
        {c[0][0] + c[1][1] + c[2][2], c[1][2] - c[2][1], c[2][0] - c[0][2], c[0][1] - c[1][0]},
        {0, c[0][0] - c[1][1] - c[2][2], c[0][1] + c[1][0], c[2][0] + c[0][2]},
        {0, 0, -c[0][0] + c[1][1] - c[2][2], c[1][2] + c[2][1]},
        {0, 0, 0, -c[0][0] - c[1][1] + c[2][2]},
    };
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            n[i][j] = n[j][i];
    double q[4];
    greatest_eigenvector(n, q);
    const double w = q[0], x = q[1], y = q[2], z = q[3];
    const double r[3][3] = {
        {w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)},
        {2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)},
        {2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z},
    };
    memcpy(rotation, r, sizeof r);
}

static double eye_distance(const struct fus_point *points)
{
    double x[2] = {0}, y[2] = {0};
    for (int i = 0; i < 6; i++)
        for (int side = 0; side < 2; side++) {
            x[side] += points[36 + 6 * side + i].x / 6.0;
            y[side] += points[36 + 6 * side + i].y / 6.0;
        }
    return hypot(x[1] - x[0], y[1] - y[0]);
}

static double rotated(const struct fit *fit, int row, const double point[3])
{
    return fit->rotation[row][0] * point[0] + fit->rotation[row][1] * point[1] +
           fit->rotation[row][2] * point[2];
}

static bool fit_head(const struct fus_point *points, struct fit *fit)
{
    double sum = 0.0, mean_model[3] = {0}, mean_data[2] = {0};
    for (int i = 0; i < POINTS; i++) {
        const double w = point_weight(i);
        sum += w;
        for (int k = 0; k < 3; k++)
            mean_model[k] += w * model(i, k);
        mean_data[0] += w * points[i].x;
        mean_data[1] += w * points[i].y;
    }
    for (int k = 0; k < 3; k++)
        mean_model[k] /= sum;
    mean_data[0] /= sum;
    mean_data[1] /= sum;
    *fit =
        (struct fit){.scale = eye_distance(points), .rotation = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    for (int round = 0; round < ROUNDS; round++) {
        double c[3][3] = {{0}};
        for (int i = 0; i < POINTS; i++) {
            double a[3];
            for (int k = 0; k < 3; k++)
                a[k] = model(i, k) - mean_model[k];
            const double q[3] = {points[i].x - mean_data[0], points[i].y - mean_data[1],
                                 fit->scale * rotated(fit, 2, a)};
            for (int j = 0; j < 3; j++)
                for (int k = 0; k < 3; k++)
                    c[j][k] += point_weight(i) * a[j] * q[k];
        }
        best_rotation(c, fit->rotation);
        double top = 0.0, bottom = 0.0;
        for (int i = 0; i < POINTS; i++) {
            double a[3];
            for (int k = 0; k < 3; k++)
                a[k] = model(i, k) - mean_model[k];
            const double x = rotated(fit, 0, a), y = rotated(fit, 1, a), w = point_weight(i);
            top += w * (x * (points[i].x - mean_data[0]) + y * (points[i].y - mean_data[1]));
            bottom += w * (x * x + y * y);
        }
        fit->scale = top / bottom;
        if (!(fit->scale > SCALE_MIN && fit->scale < COORDINATE_MAX))
            return false;
    }
    for (int k = 0; k < 2; k++)
        fit->shift[k] = mean_data[k] - fit->scale * rotated(fit, k, mean_model);
    return true;
}

/* Vertices without a landmark follow the model, moved by what the landmarks near them miss it by.
 */
static void place_vertices(const struct fus_point *points, const struct fit *fit,
                           struct fus_mesh *mesh, float depth[FUS_MESH_VERTICES])
{
    double miss[POINTS][2];
    double residual = 0.0;
    for (int i = 0; i < FUS_MESH_VERTICES; i++) {
        const double a[3] = {model(i, 0), model(i, 1), model(i, 2)};
        double at[2];
        for (int k = 0; k < 2; k++)
            at[k] = fit->scale * rotated(fit, k, a) + fit->shift[k];
        depth[i] = (float)(fit->scale * rotated(fit, 2, a));
        if (i < POINTS) {
            miss[i][0] = points[i].x - at[0];
            miss[i][1] = points[i].y - at[1];
            residual += hypot(miss[i][0], miss[i][1]) / POINTS;
            mesh->at[i] = points[i];
            continue;
        }
        double weights = 0.0, dx = 0.0, dy = 0.0;
        for (int j = 0; j < POINTS; j++) {
            const double x = a[0] - model(j, 0), y = a[1] - model(j, 1);
            const double near = x * x + y * y + 0.03;
            const double w = 1.0 / (near * near);
            weights += w;
            dx += w * miss[j][0];
            dy += w * miss[j][1];
        }
        mesh->at[i] =
            (struct fus_point){(float)(at[0] + dx / weights), (float)(at[1] + dy / weights)};
    }
    mesh->residual = (float)(residual / fit->scale);
}

static float area(struct fus_point a, struct fus_point b, struct fus_point c)
{
    return 0.5f * ((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
}

static struct fus_point model_point(int vertex)
{
    return (struct fus_point){fus_mesh_vertices[vertex].x, fus_mesh_vertices[vertex].y};
}

static bool in_feature(int vertex)
{
    return (vertex >= 36 && vertex < 68) || (vertex >= 125 && vertex <= 130);
}

/* Which triangles are seen, in painter's order; visibility of vertices; share turned inside out. */
static void look_at_triangles(const struct fit *fit, const float depth[FUS_MESH_VERTICES],
                              struct fus_mesh *mesh)
{
    float weight[FUS_MESH_VERTICES] = {0}, farness[FUS_MESH_TRIANGLES];
    float total = 0.0f, flipped = 0.0f;
    memset(mesh->front, 0, sizeof mesh->front);
    mesh->order_count = 0;
    for (int t = 0; t < FUS_MESH_TRIANGLES; t++) {
        const uint8_t *corner = fus_mesh_triangles[t];
        const float now = area(mesh->at[corner[0]], mesh->at[corner[1]], mesh->at[corner[2]]);
        const float frontal =
            area(model_point(corner[0]), model_point(corner[1]), model_point(corner[2]));
        float ratio = now / (frontal * mesh->scale * mesh->scale);
        ratio = FUS_CLAMP(ratio, -0.2f, 1.2f);
        for (int k = 0; k < 3; k++) {
            mesh->front[corner[k]] += ratio * frontal;
            weight[corner[k]] += frontal;
        }
        struct fus_point turned[3];
        for (int k = 0; k < 3; k++) {
            const double a[3] = {model(corner[k], 0), model(corner[k], 1), model(corner[k], 2)};
            turned[k] = (struct fus_point){(float)rotated(fit, 0, a), (float)rotated(fit, 1, a)};
        }
        const float expected = area(turned[0], turned[1], turned[2]);
        if (!in_feature(corner[0]) && !in_feature(corner[1]) && !in_feature(corner[2])) {
            total += frontal;
            if (now <= 0.0f && expected > 0.25f * frontal)
                flipped += frontal;
        }
        if (!(now > 0.0f))
            continue;
        const float far = depth[corner[0]] + depth[corner[1]] + depth[corner[2]];
        int place = mesh->order_count++;
        for (; place > 0 && farness[place - 1] < far; place--) {
            farness[place] = farness[place - 1];
            mesh->order[place] = mesh->order[place - 1];
        }
        farness[place] = far;
        mesh->order[place] = (uint8_t)t;
    }
    for (int i = 0; i < FUS_MESH_VERTICES; i++)
        mesh->front[i] /= weight[i];
    mesh->flipped = flipped / total;
}

/* The 68 points with the pose taken out, by the model's depths. */
static void look_at_features(const struct fus_point *points, const struct fit *fit,
                             const float depth[FUS_MESH_VERTICES], struct fus_mesh *mesh)
{
    float front[POINTS][2];
    for (int i = 0; i < POINTS; i++) {
        const double q[3] = {(points[i].x - fit->shift[0]) / fit->scale,
                             (points[i].y - fit->shift[1]) / fit->scale, depth[i] / fit->scale};
        for (int k = 0; k < 2; k++)
            front[i][k] = (float)(q[0] * fit->rotation[0][k] + q[1] * fit->rotation[1][k] +
                                  q[2] * fit->rotation[2][k]);
    }
#define APART(i, j) hypotf(front[i][0] - front[j][0], front[i][1] - front[j][1])
    const float eyes = fmaxf(APART(36, 45), 0.1f);
    mesh->smile = APART(48, 54) / eyes + 0.5f * APART(62, 66) / eyes;
    for (int side = 0; side < 2; side++) {
        const int eye = 36 + 6 * side;
        mesh->openness[side] = 0.5f * (APART(eye + 1, eye + 5) + APART(eye + 2, eye + 4));
    }
#undef APART
    mesh->gap = hypotf(points[62].x - points[66].x, points[62].y - points[66].y) / mesh->scale;
}

bool fus_mesh_place(const struct fus_point landmarks_68[68], struct fus_mesh *mesh)
{
    for (int i = 0; i < POINTS; i++)
        if (!(fabsf(landmarks_68[i].x) < COORDINATE_MAX &&
              fabsf(landmarks_68[i].y) < COORDINATE_MAX))
            return false;
    struct fit fit;
    float depth[FUS_MESH_VERTICES];
    if (!fit_head(landmarks_68, &fit))
        return false;
    mesh->scale = (float)fit.scale;
    const double degrees = 180.0 / M_PI;
    mesh->yaw = (float)(degrees * atan2(fit.rotation[0][2], fit.rotation[2][2]));
    mesh->pitch = (float)(degrees * asin(FUS_CLAMP(-fit.rotation[1][2], -1.0, 1.0)));
    mesh->roll = (float)(degrees * atan2(fit.rotation[1][0], fit.rotation[0][0]));
    place_vertices(landmarks_68, &fit, mesh, depth);
    look_at_triangles(&fit, depth, mesh);
    look_at_features(landmarks_68, &fit, depth, mesh);
    mesh->bounds = (struct fus_box){mesh->at[0].x, mesh->at[0].y, mesh->at[0].x, mesh->at[0].y};
    for (int i = 1; i < FUS_MESH_VERTICES; i++) {
        mesh->bounds.x1 = fminf(mesh->bounds.x1, mesh->at[i].x);
        mesh->bounds.y1 = fminf(mesh->bounds.y1, mesh->at[i].y);
        mesh->bounds.x2 = fmaxf(mesh->bounds.x2, mesh->at[i].x);
        mesh->bounds.y2 = fmaxf(mesh->bounds.y2, mesh->at[i].y);
    }
    return mesh->order_count > 0;
}
