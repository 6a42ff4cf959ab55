"""Classifiers of scikit-learn, as skl2onnx writes them, on small data of their own."""

import numpy as np
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

N_IN = 12


def _mlp():
    return MLPClassifier((9,), random_state=1, learning_rate_init=0.02, max_iter=300)


# Name -> (classifier, classes, options of skl2onnx)
CLASSIFIERS = {
    "skl_mlp": (_mlp, 4, {}),
    "skl_mlp_of_two_classes": (_mlp, 2, {}),
    "skl_mlp_without_a_map": (_mlp, 4, {"zipmap": False}),
    "skl_standard_scaler": (lambda: make_pipeline(StandardScaler(), _mlp()), 4, {"zipmap": False}),
    "skl_min_max_scaler": (lambda: make_pipeline(MinMaxScaler(), _mlp()), 4, {}),
    "skl_max_abs_scaler": (lambda: make_pipeline(MaxAbsScaler(), _mlp()), 4, {}),
    "skl_logistic": (lambda: LogisticRegression(max_iter=200), 4, {}),
    "skl_logistic_of_two_classes": (lambda: LogisticRegression(max_iter=200), 2, {}),
    "skl_hinge_loss": (lambda: SGDClassifier(random_state=1), 4, {}),
}


def data(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    labels = np.arange(160) % n_classes
    centres = rng.random((n_classes, N_IN))
    return (centres[labels] + rng.normal(0, 0.25, (160, N_IN))).clip(0, 1).astype(np.float32), labels
